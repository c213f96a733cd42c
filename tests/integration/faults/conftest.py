"""A real box of its own for every test that breaks one."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from appliance.rehearsal.free_ports import free_port
from tests.support.box import RealBox


@pytest.fixture
async def box(made_box: RealBox) -> AsyncIterator[RealBox]:
    """Its clients are closed by the event loop that opened them: no other can."""
    yield made_box
    await made_box.close_apis()


@pytest.fixture
def made_box() -> Iterator[RealBox]:
    """Made, not started. Not in tmp_path: a Unix socket's path has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="hvf-"))
    made = RealBox(directory / "box", free_port())
    try:
        made.make()
        yield made
    finally:
        asyncio.run(made.stop())
        shutil.rmtree(directory)
