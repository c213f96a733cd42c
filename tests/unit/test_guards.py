"""The guards of conftest.py guard."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest
from blockbuster import BlockingError

from appliance.config import box


async def test_a_blocking_call_of_the_product_fails_the_test(tmp_path: Path) -> None:
    (tmp_path / box.FILE_NAME).write_text("box_id = 'x'")
    with pytest.raises(BlockingError):
        box.load(tmp_path)


async def test_the_same_call_in_a_thread_does_not(tmp_path: Path) -> None:
    (tmp_path / box.FILE_NAME).write_text(f"box_id = '{'a' * 32}'")
    loaded = await asyncio.to_thread(box.load, tmp_path)
    assert loaded.box_id == "a" * 32


@pytest.mark.parametrize("address", ["192.0.2.1", "example.invalid", "10.0.0.1"])
def test_no_test_reaches_beyond_loopback(address: str) -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match="tried to reach"):
        outside.connect((address, 443))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside,
        pytest.raises(AssertionError, match="tried to reach"),
    ):
        outside.sendto(b"x", (address, 443))


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepting = threading.Thread(target=lambda: server.accept()[0].close())
        accepting.start()
        socket.create_connection(server.getsockname()).close()
        accepting.join(timeout=60)
    assert not accepting.is_alive()
