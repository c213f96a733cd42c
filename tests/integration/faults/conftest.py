"""A real box of its own for every test that breaks one."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.box import RealBox, free_port


@pytest.fixture
def box() -> Iterator[RealBox]:
    """Made, not started. Not in tmp_path: a Unix socket's path has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="hvf-"))
    made = RealBox(directory / "box", free_port())
    try:
        made.make()
        yield made
    finally:
        asyncio.run(made.stop())
        shutil.rmtree(directory)
