"""A hall that comes back: simulated pages with a backlog, a box that answers so many
uploads a second, simulated time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import pytest

from appliance.core.ids import AttemptId
from appliance.services.upload_pace import LONGEST_WAIT_MS, UploadPace


class Hall:
    """Uploads share the box's time: with n under way each takes n times as long."""

    def __init__(self, *, pages: int, each: int, box_per_s: float, paced: bool) -> None:
        self.now = 0.0
        self.pace = UploadPace(lambda: self.now)
        self.left = {AttemptId(f"{n:032x}"): each for n in range(pages)}
        self.work_s, self.paced = 1 / box_per_s, paced
        self.latencies: list[tuple[float, float]] = []  # when it began, how long it took
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def run(self) -> float:
        """Until all is sent; returns how long that took."""
        for number, page in enumerate(self.left):
            self._at(number * 5.0 / len(self.left), partial(self._arrive, page))
        self._queue: list[tuple[AttemptId, float, ExitStack]] = []
        while self._events:
            self.now, _, do = heapq.heappop(self._events)
            do()
        return self.now

    def _at(self, when: float, do: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, do))

    def _arrive(self, page: AttemptId) -> None:
        stack = ExitStack()
        stack.enter_context(self.pace.upload())
        self._queue.append((page, self.now, stack))
        if len(self._queue) == 1:
            self._at(self.now + self.work_s, self._answer)

    def _answer(self) -> None:
        page, began, stack = self._queue.pop(0)
        stack.close()
        self.latencies.append((began, self.now - began))
        self.left[page] -= 1
        wait_s = self.pace.wait_ms() / 1000 if self.paced else 0.0
        if self.left[page]:
            self._at(self.now + wait_s + 0.01, partial(self._arrive, page))
        if self._queue:
            self._at(self.now + self.work_s, self._answer)

    def p99_after(self, began: float) -> float:
        return sorted(took for at, took in self.latencies if at > began)[-max(1, self.n // 100)]

    @property
    def n(self) -> int:
        return len(self.latencies)


@pytest.mark.parametrize("box_per_s", [20.0, 150.0])
def test_200_pages_that_come_back_are_answered_soon_and_are_done_in_time(box_per_s: float) -> None:
    storm = Hall(pages=200, each=40, box_per_s=box_per_s, paced=False)
    storm_s = storm.run()
    hall = Hall(pages=200, each=40, box_per_s=box_per_s, paced=True)
    took_s = hall.run()
    settled = 3 * 200 / box_per_s
    assert hall.p99_after(settled) < storm.p99_after(settled) / 3
    assert took_s < 1.15 * storm_s, "the box stood idle"


def test_a_quiet_hall_waits_for_nothing() -> None:
    now = 0.0
    pace = UploadPace(lambda: now)
    for _ in range(3):
        for _page in range(200):
            with pace.upload():
                now += 0.01
            assert pace.wait_ms() == 0
            now += 0.04


def test_no_wait_is_longer_than_a_page_should_stay_silent() -> None:
    now = 0.0
    pace = UploadPace(lambda: now)
    under_way = [ExitStack() for _ in range(400)]
    for one in under_way:
        one.enter_context(pace.upload())
    waits = []
    for one in under_way:  # a box that manages five a second
        now += 0.2
        one.close()
        waits.append(pace.wait_ms())
    assert 0 < max(waits) <= LONGEST_WAIT_MS
    now += 3600.0
    assert pace.wait_ms() == 0, "turns of an hour ago count no more"
