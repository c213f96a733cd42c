"""Two handles on the same files, as gateway and syncer have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from appliance.adapters.store.stores import Stores, open_stores
from tests.support.fake_clock import FakeClock


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    opened = await asyncio.to_thread(open_stores, tmp_path, now_ms=FakeClock().now_ms)
    yield opened
    await opened.close()


@pytest.fixture
async def other(stores: Stores, tmp_path: Path) -> AsyncIterator[Stores]:
    opened = await asyncio.to_thread(open_stores, tmp_path, now_ms=FakeClock().now_ms)
    yield opened
    await opened.close()


@pytest.fixture
def on_disk(tmp_path: Path) -> Callable[[bytes], Awaitable[bool]]:
    """Whether bytes stand in any file of the databases, their logs included."""

    def search(needle: bytes) -> bool:
        return any(needle in file.read_bytes() for file in (tmp_path / "db").iterdir())

    async def ask(needle: bytes) -> bool:
        return await asyncio.to_thread(search, needle)

    return ask
