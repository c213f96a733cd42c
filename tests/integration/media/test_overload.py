"""More footage in one moment than a real worker can look at: what is left out, and that all is
looked at in the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.adapters.workers.pool import WorkerPool
from appliance.core.messages import AnalyseSnippet, WorkerReply, WorkerRequest
from appliance.core.overload import LeftOut, Limits
from appliance.core.processing import Category
from tests.support import clips
from tests.support.fake_clock import FakeClock
from tests.support.media_workers import media_worker
from tests.unit.services.test_looking import Queue
from tests.unit.services.watch_room import Room

_SEATS = 20


class _RealClock(FakeClock):
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class _Watched:
    """A pool whose requests are written down."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self.script: dict[bytes, object] = {}
        self.asked: list[AnalyseSnippet] = []

    async def ask(self, request: WorkerRequest, *, urgent: bool = False) -> WorkerReply:
        assert isinstance(request, AnalyseSnippet)
        self.asked.append(request)
        return await self._pool.ask(request, urgent=urgent)


class _Fed(Queue):
    """A queue that is kept full: as many wait as it takes, on whatever machine, to be late."""

    snippet = b""
    sequence = 0
    _full = 2 * _SEATS
    _since_s = 0.0

    async def open(self, stored: object) -> bytes:
        return self.snippet

    async def top_up(self) -> None:
        if time.monotonic() - self._since_s > 2.0:  # nothing new was left out for so long
            self._full, self._since_s = 2 * self._full, time.monotonic()
        while self.looking.backlog < self._full:
            self.sequence += 1
            for seat in range(1, _SEATS + 1):
                await self.add(seat, self.sequence, media=self.snippet)


@pytest.fixture
def snippet() -> bytes:
    return clips.snippet("president")


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    with media_worker(tmp_path) as worker:
        yield worker.socket


async def test_under_overload_looking_gets_cheaper_in_the_stated_order_and_loses_nothing(
    snippet: bytes, socket: Path
) -> None:
    pool = WorkerPool([socket])
    pool.start()
    watched = _Watched(pool)
    room = Room(workers=cast(Any, watched), clock=_RealClock())
    limits = Limits(late_after_s=0.5, late_per_worker=2, step_s=0.5, calm_s=1.0)
    queue = _Fed(at_once=4, seats=_SEATS, room=room, limits=limits)
    queue.portrait = None  # there is nothing to compare with: faces are still found and counted
    queue.snippet = snippet
    seen: list[tuple[LeftOut, ...]] = [()]
    while len(seen) == 1 or queue.looking.backlog or queue.looking.left_out:
        if max(map(len, seen)) < len(LeftOut):
            await queue.top_up()
        queue.looking.tick(pool.alive)
        if queue.looking.left_out != seen[-1]:
            seen.append(queue.looking.left_out)
        await asyncio.sleep(0.05)
    await pool.close()

    levels = [len(left_out) for left_out in seen]
    assert max(levels) == len(LeftOut) == 3
    assert all(abs(one - other) == 1 for one, other in pairwise(levels))
    assert len(watched.asked) == _SEATS * queue.sequence
    assert await room.snippets.not_analysed(room.exam.exam_id) == []
    assert Category.HEAD_POSE in watched.asked[0].permitted
    assert any(Category.HEAD_POSE not in request.permitted for request in watched.asked)
    assert any(request.analyse_every_s == 4.0 for request in watched.asked)
    assert all(Category.FACE_COUNT in request.permitted for request in watched.asked)
