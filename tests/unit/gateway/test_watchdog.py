"""systemd's watchdog is fed by a read of the database that came back, by nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.adapters.host.service_manager import ServiceManager
from appliance.processes.gateway import _feed_watchdog


class Store:
    """Answers as often as it is let, and hangs otherwise."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.may_answer = asyncio.Semaphore(0)

    async def get(self) -> None:
        self.asked.release()
        await self.may_answer.acquire()


@pytest_asyncio.fixture
async def systemd(tmp_path: Path) -> AsyncIterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


async def test_a_store_that_hangs_is_no_sign_of_life(
    systemd: socket.socket, tmp_path: Path
) -> None:
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000"}
    store, loop = Store(), asyncio.get_running_loop()
    feeding = asyncio.create_task(_feed_watchdog(ServiceManager(environment), store.get))
    try:
        for _ in range(3):
            await store.asked.acquire()  # it waits for the store, however long that takes
            for _ in range(10):
                await asyncio.sleep(0)
            with pytest.raises(BlockingIOError):
                systemd.recv(256)
            store.may_answer.release()
            assert await loop.sock_recv(systemd, 256) == b"WATCHDOG=1"
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding


async def test_where_no_watchdog_waits_the_store_is_not_asked() -> None:
    store = Store()
    await _feed_watchdog(ServiceManager({}), store.get)
    assert store.asked.locked()
