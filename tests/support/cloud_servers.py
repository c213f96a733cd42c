"""One object store and one record database per test run; one bucket or database per test."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.rehearsal.cloud_servers import EUROPE, CloudServers, cloud_servers


@contextmanager
def running(directory: Path, location: str = EUROPE) -> Iterator[CloudServers]:
    """The servers, kept by an event loop of their own so that any test may use them."""
    started: list[CloudServers] = []
    failed: list[BaseException] = []
    ready, done = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def keep() -> None:
        async with cloud_servers(directory, location=location) as servers:
            started.append(servers)
            ready.set()
            await done.wait()

    def run() -> None:
        try:
            loop.run_until_complete(keep())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failed.append(error)
        finally:
            ready.set()
            loop.close()

    keeper = threading.Thread(target=run, daemon=True)
    keeper.start()
    ready.wait()
    if failed:
        raise failed[0]
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        keeper.join(20)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServers]:
    with running(tmp_path_factory.mktemp("cloud")) as servers:
        yield servers


@pytest.fixture
def database() -> str:
    return f"test_{secrets.token_hex(6)}"
