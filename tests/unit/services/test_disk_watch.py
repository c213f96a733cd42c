"""What the box says of its disk, from how a small write ends."""

from __future__ import annotations

import asyncio
import errno

import pytest

from appliance.adapters.blobs.memory import MemoryBlobs
from appliance.core.disk import DISK_IN_WORDS, DiskState
from appliance.services.box import Measured
from appliance.services.disk_watch import SILENT_AFTER_S, DiskWatch
from tests.support.fake_clock import FakeClock
from tui.words import DISK


class Disk:
    """`error` is what a write raises; `hangs`: it does not end."""

    def __init__(self) -> None:
        self.error, self.failed, self.free = 0, False, 100
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.writes = 0
        self.clock, self.measured = FakeClock(), Measured()
        self.watch = DiskWatch(
            write=self._write, failed=lambda: self.failed, blobs=MemoryBlobs(capacity=100),
            keep_free=10, clock=self.clock, measured=self.measured, patience_s=0,
        )  # fmt: skip

    async def _write(self) -> None:
        self.writes += 1
        await self.goes_on.wait()
        if self.error:
            raise OSError(self.error, "")

    async def found(self) -> DiskState:
        for _ in range(3):  # the write is a task of its own
            await self.watch.look()
        return self.measured.disk


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (errno.ENOSPC, DiskState.FULL),
        (errno.EDQUOT, DiskState.FULL),
        (errno.EROFS, DiskState.READ_ONLY),
        (errno.EIO, DiskState.FAILED),
    ],
)
async def test_a_write_that_fails_is_told_and_one_that_succeeds_takes_it_back(
    error: int, state: DiskState
) -> None:
    disk = Disk()
    assert await disk.found() is DiskState.OK
    disk.error = error
    assert await disk.found() is state
    disk.error = 0
    assert await disk.found() is DiskState.OK


async def test_what_failed_once_is_not_believed_again_by_a_small_write() -> None:
    disk = Disk()
    disk.failed = True
    assert await disk.found() is DiskState.FAILED


async def test_full_is_where_no_snippet_fits_any_more() -> None:
    disk = Disk()
    disk.watch = DiskWatch(
        write=disk._write, failed=lambda: False, blobs=MemoryBlobs(capacity=9), keep_free=10,
        clock=disk.clock, measured=disk.measured,
    )  # fmt: skip
    assert await disk.found() is DiskState.FULL


async def test_a_disk_that_hangs_is_told_after_a_while_and_gets_no_second_write() -> None:
    disk = Disk()
    disk.goes_on.clear()
    assert await disk.found() is DiskState.OK
    disk.clock.advance(SILENT_AFTER_S + 1)
    assert await disk.found() is DiskState.SILENT
    assert disk.writes == 1
    disk.goes_on.set()
    assert await disk.found() is DiskState.OK


def test_every_state_has_its_words() -> None:
    assert set(DISK) == set(DISK_IN_WORDS) == set(DiskState) - {DiskState.OK}
