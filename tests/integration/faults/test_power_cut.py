"""The power goes at any moment: what is on the disk then keeps every promise.

A real gateway takes in a class and closes its exam while its writes are recorded; the directory is
rebuilt as it would be after a cut at many of them (`tests/support/power_cut.py`).
"""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.config.box import load
from appliance.core.errors import HallvaktError
from appliance.processes.unlisted import orphans
from tests.support.box import RealBox
from tests.support.fake_clock import FakeClock
from tests.support.invariants import Kept, check, opened
from tests.support.media_workers import until
from tests.support.power_cut import Change, Disk, changes, recording, written_down
from tests.support.under_load import roster, under_load

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


class Recorded:
    """`at` says when each acknowledged snippet was acknowledged."""

    def __init__(self, box: RealBox, base: Path, log: Path, at: dict[tuple[str, int], float]):
        self.base, self.reviewer, self.at = base, box.school["reviewer"], at
        self.changes = changes(log, box.state)
        self.promises: dict[tuple[str, int], str] = {}

    def kept(self, before: float) -> Kept:
        return Kept(acknowledged={k: v for k, v in self.promises.items() if self.at[k] < before})


class _Dated(dict[tuple[str, int], str]):
    """Promises, and when each was made."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[tuple[str, int], float] = {}

    def __setitem__(self, key: tuple[str, int], value: str) -> None:
        self.at[key] = time.time()
        super().__setitem__(key, value)


async def _record(box: RealBox, snippets: int, tmp_path: Path) -> Recorded:
    base, log = tmp_path / "base", tmp_path / "trace"
    await asyncio.to_thread(shutil.copytree, box.state, base)
    box.gateway_under = recording(log)
    await box.start()
    lead = await box.login()
    exam = await box.new_exam(lead, roster=roster(3))
    promises = _Dated()
    async with under_load(box, exam, Kept(acknowledged=promises)) as load:
        await load.more(snippets)
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    process = box.gateway.pid
    await box.stop()
    await until(lambda: written_down(log, process))
    recorded = await asyncio.to_thread(Recorded, box, base, log, promises.at)
    recorded.promises = dict(promises)
    return recorded


async def _cuts(recorded: Recorded, cuts: int, tmp_path: Path) -> int:
    """Return how many promises were asked for. Half of the cuts keep the least, half some more."""
    chance, disk, asked, place = random.Random(3), Disk(recorded.base), 0, tmp_path / "after"
    # One somewhere in each stretch of what was written, and one after all of it.
    ends = [len(recorded.changes) * number // (cuts - 1) for number in range(cuts)]
    at = [*(chance.randrange(*stretch) for stretch in pairwise(ends)), len(recorded.changes)]
    done = 0
    for number, cut in enumerate(at):
        for change in recorded.changes[done:cut]:
            disk.do(change)
        done = cut
        await asyncio.to_thread(disk.left_over, place, chance if number % 2 else None)
        when = recorded.changes[cut].at if cut < len(recorded.changes) else time.time()
        kept = recorded.kept(when)
        asked += len(kept.acknowledged)
        await check(place, kept, settled=False, reviewer=recorded.reviewer)
        await _start(place)
        await check(place, kept, settled=True)
    return asked


async def _start(state: Path) -> None:
    """What a gateway does first, on what is left."""
    config = await asyncio.to_thread(load, state)
    async with opened(state) as stores:
        blobs = DirectoryBlobs(state / "blobs")
        await orphans(stores, blobs, FakeClock(), config.box_id).find()


async def test_the_power_goes_at_twelve_moments(box: RealBox, tmp_path: Path) -> None:
    recorded = await _record(box, 24, tmp_path)
    assert len(recorded.promises) >= 24
    assert await _cuts(recorded, 12, tmp_path) > 100
    # And the control: on a disk that ignores one kind of fsync, a promise is broken. (Before the
    # gateway stops in order: then its log goes into the database, which has an fsync of its own.)
    last = max(recorded.at.values())
    for ignored in ("box.db-wal", "blobs/"):
        disk = Disk(recorded.base)
        for change in recorded.changes:
            if change.at < last and not _is_sync(change, ignored):
                disk.do(change)
        await asyncio.to_thread(disk.left_over, tmp_path / "bad")
        with pytest.raises((AssertionError, HallvaktError)):
            await check(tmp_path / "bad", recorded.kept(last), settled=False)


def _is_sync(change: Change, of: str) -> bool:
    return change.call == "fsync" and of in change.path


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_the_power_goes_at_four_hundred_moments(box: RealBox, tmp_path: Path) -> None:
    recorded = await _record(box, 300, tmp_path)
    await _cuts(recorded, 400, tmp_path)
