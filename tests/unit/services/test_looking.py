"""What is looked at first, and what is left out when it goes too slowly: by a fake clock."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from appliance.core.attempt import Attempt
from appliance.core.look_order import MOST_LIVE_OF_SEAT
from appliance.core.messages import AnalyseSnippet
from appliance.core.overload import LeftOut, Limits
from appliance.core.processing import Category
from appliance.services.looking import Looking
from tests.support.measurements import USUAL, Measured
from tests.unit.services.watch_room import REFERENCE, Room, attempt, snippet_row

LIMITS = Limits(late_after_s=12.0, late_per_worker=1, step_s=10.0, calm_s=60.0)


class Queue:
    """A real `Looking` and a real `Watch`; keys, portraits and seats as simple as can be."""

    def __init__(
        self,
        at_once: int = 1,
        *,
        seats: int = 5,
        room: Room | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self.room = room or Room()
        self.locked = False
        self.portrait: bytes | None = REFERENCE
        self.attempts = {(one := attempt(n)).attempt_id: one for n in range(1, seats + 1)}
        self.looking = Looking(
            watch=self.room.watch,
            objects=cast(Any, self),
            portraits=cast(Any, self),
            exams=cast(Any, self),
            attempts=cast(Any, self),
            snippets=self.room.snippets,
            keys=cast(Any, self),
            halls=cast(Any, self),
            clock=self.room.clock,
            at_once=at_once,
            limits=limits,
        )

    async def open(self, stored: object) -> bytes:
        return b"reopened"

    async def reference(self, exam: object, attempt_id: object) -> bytes | None:
        return self.portrait

    async def get(self, name: Any) -> Any:
        return self.attempts.get(name, self.room.exam)

    async def of_exam(self, exam: object) -> list[Attempt]:
        return list(self.attempts.values())

    def unlocked(self, exam: object) -> bool:
        return not self.locked

    def update(self, *_: object, **__: object) -> None:
        pass

    async def add(
        self, seat: int, sequence: int, ended_s_ago: float = 0.0, media: bytes | None = None
    ) -> None:
        who = attempt(seat)
        started_ms = self.room.clock.now_ms() - round((ended_s_ago + 10.0) * 1000)
        measured = Measured(sequence=sequence, started_ms=started_ms, frames=(USUAL,), sound=())
        media = media or f"{seat}/{sequence}".encode()
        self.room.workers.script[media] = measured
        row = snippet_row(who, measured)
        await self.room.snippets.add_snippet(row)
        self.looking.add(self.room.exam, who, row, media)

    @property
    def asked(self) -> list[str]:
        return [request.media.decode() for request in self.room.workers.asked]

    async def all_looked_at(self) -> None:
        async with asyncio.timeout(60):
            while self.looking.backlog:  # noqa: ASYNC110 (tasks, not time)
                await asyncio.sleep(0)


def hold(queue: Queue) -> asyncio.Event:
    queue.room.workers.hold = asyncio.Event()
    return queue.room.workers.hold


async def test_now_is_looked_at_before_what_is_old_and_nothing_is_lost() -> None:
    queue = Queue()
    for seat in (1, 2, 3, 4):
        await queue.add(seat, 1)  # from here on it is known that their clocks are right
    await queue.all_looked_at()
    queue.room.workers.asked.clear()
    go_on = hold(queue)
    await queue.add(4, 2)  # has the worker
    await asyncio.sleep(0)
    await queue.add(1, 3, ended_s_ago=200.0)
    await queue.add(1, 2, ended_s_ago=210.0)
    await queue.add(2, 2, ended_s_ago=8.0)
    await queue.add(3, 2, ended_s_ago=1.0)
    go_on.set()
    await queue.all_looked_at()
    assert queue.asked == ["4/2", "3/2", "2/2", "1/2", "1/3"]
    assert await queue.room.snippets.not_analysed(queue.room.exam.exam_id) == []


async def test_a_page_whose_clock_is_behind_is_not_always_last() -> None:
    queue = Queue()
    for seat in (1, 2):
        await queue.add(seat, 1, ended_s_ago=300.0 if seat == 1 else 0.0)
    await queue.all_looked_at()
    queue.room.workers.asked.clear()
    go_on = hold(queue)
    await queue.add(3, 1)
    await asyncio.sleep(0)
    await queue.add(2, 2, ended_s_ago=5.0)
    await queue.add(1, 2, ended_s_ago=301.0)
    go_on.set()
    await queue.all_looked_at()
    assert queue.asked == ["3/1", "1/2", "2/2"]


def seconds(queue: Queue, count: int, workers: int = 1) -> None:
    for _ in range(count):
        queue.room.clock.advance(1)
        queue.looking.tick(workers)


async def test_what_is_left_out_is_not_asked_for_and_asked_for_again_when_it_is_calm() -> None:
    queue = Queue()
    go_on = hold(queue)
    await queue.add(1, 1)
    await asyncio.sleep(0)
    seconds(queue, 35)
    assert queue.looking.left_out == tuple(LeftOut)
    await queue.add(2, 1)
    go_on.set()
    await queue.all_looked_at()
    usual, poor = queue.room.workers.asked
    assert {Category.HEAD_POSE, Category.THUMBNAIL} <= usual.permitted
    assert poor.permitted.isdisjoint({Category.HEAD_POSE, Category.THUMBNAIL})
    assert Category.FACE_COUNT in poor.permitted
    assert poor.analyse_every_s == 2 * usual.analyse_every_s

    seconds(queue, 190)
    assert queue.looking.left_out == ()
    await queue.add(3, 1)
    await queue.all_looked_at()
    assert isinstance(queue.room.workers.asked[-1], AnalyseSnippet)
    assert queue.room.workers.asked[-1].permitted == usual.permitted


@pytest.mark.parametrize("why", ["old footage", "locked"])
async def test_what_waits_for_another_reason_is_no_overload(why: str) -> None:
    queue = Queue()
    await queue.add(1, 1)
    await queue.all_looked_at()
    queue.locked = why == "locked"
    hold(queue)
    await queue.add(1, 2, ended_s_ago=0.0 if queue.locked else 100.0)
    await asyncio.sleep(0)
    seconds(queue, 60)
    assert queue.looking.left_out == ()
    assert queue.looking.backlog == 1
    await queue.looking.close()


async def test_one_seat_that_floods_is_no_overload_and_others_go_first() -> None:
    queue = Queue()
    go_on = hold(queue)
    for number in range(1, MOST_LIVE_OF_SEAT + 20):
        await queue.add(1, number)
        await asyncio.sleep(0)
    seconds(queue, 20)
    assert queue.looking.left_out == ()
    await queue.add(2, 1)
    queue.room.workers.asked.clear()
    go_on.set()
    await queue.all_looked_at()
    assert queue.asked[0] == "2/1"
