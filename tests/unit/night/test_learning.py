"""The planner reckons with what this box has measured, and the footer says it in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from appliance.core.exam import ExamState
from appliance.core.feed import NightLine
from appliance.core.night_window import Window
from appliance.core.pack_journal import PackState
from appliance.core.settings import Features, SyncScope
from appliance.core.snippet import PriorityClass
from appliance.services.night_plan import Night
from tests.contract.store.samples import attempt, exam
from tests.support.fake_clock import FakeClock

NOON_MS = round(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
EVENING = Window(opens="22:00", closes="06:00")


@dataclass(frozen=True)
class _Row:
    sequence: int
    size: int
    duration_s: float = 10.0

    @property
    def stored(self) -> _Row:
        return self


@dataclass(frozen=True)
class _Head:
    size: int
    priority: PriorityClass = PriorityClass.REST
    state: PackState = PackState.PLANNED


@dataclass
class _Box:
    """Exams, attempts, snippets, journal and facts of a box with one exam."""

    state: ExamState = ExamState.CLOSED
    rows: Sequence[_Row] = ()
    near: Sequence[int] = ()
    heads: Sequence[_Head] = ()
    kept: dict[str, bytes] = field(default_factory=dict)

    async def all(self) -> list[Any]:
        made = exam()
        settings = replace(
            made.settings, features=Features(video_snippets=True), sync=SyncScope.ALL
        )
        return [replace(made, state=self.state, settings=settings, started_ms=NOON_MS)]

    async def of_exam(self, exam_id: str) -> list[Any]:
        return [attempt(1)]

    async def snippets(self, attempt_id: str) -> Sequence[_Row]:
        return self.rows

    async def flagged(self, exam_id: str) -> Mapping[str, Sequence[int]]:
        return {attempt(1).attempt_id: self.near}

    async def unpacked(self, exam_id: str) -> list[Any]:
        return []

    async def put(self, name: str, value: bytes) -> None:
        self.kept[name] = value

    async def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def night(self) -> Night:
        box = cast("Any", self)
        clock = FakeClock(NOON_MS)
        journal = cast("Any", _Journal(self))
        return Night(box, box, box, journal, box, clock, windows=(EVENING,), zone=UTC)


class _Journal:
    def __init__(self, box: _Box) -> None:
        self.flagged, self.unpacked = box.flagged, box.unpacked
        self._box = box

    async def heads(self, exam_id: str) -> Sequence[_Head]:
        return self._box.heads


async def _expected(box: _Box) -> dict[PriorityClass, int]:
    box.state = ExamState.READY
    return dict((await box.night().plan()).order)


async def test_what_an_exam_weighed_is_what_the_next_is_expected_to_weigh() -> None:
    """Ten minutes of one candidate at 12,000 bytes a second, a quarter of it near an observation;
    then another exam at 6,000: the newest counts half."""
    box = _Box(rows=[_Row(n, 120_000) for n in range(60)], near=range(15))
    await box.night().learn((await box.all())[0].exam_id)
    seconds = 60 * (await box.all())[0].settings.duration_minutes
    sizes = await _expected(box)
    assert sizes[PriorityClass.FLAGGED] == round(12_000 * seconds * 0.25)
    assert sizes[PriorityClass.REST] == round(12_000 * seconds * 0.75)
    box.rows, box.near = [_Row(n, 60_000) for n in range(60)], ()
    await box.night().learn((await box.all())[0].exam_id)
    sizes = await _expected(box)
    assert sizes[PriorityClass.FLAGGED] == round(9_000 * seconds * 0.125)
    assert sizes[PriorityClass.REST] == round(9_000 * seconds * 0.875)


async def test_a_rehearsal_of_a_minute_teaches_nothing() -> None:
    box = _Box(rows=[_Row(n, 120_000) for n in range(5)])
    await box.night().learn((await box.all())[0].exam_id)
    assert box.kept == {}


@pytest.mark.parametrize(("sent", "remembered"), [(999_999, None), (90_000_000, 14_400_000)])
async def test_the_line_is_as_fast_as_it_was_measured(sent: int, remembered: int | None) -> None:
    box = _Box(heads=[_Head(54_000_000)])
    await box.night().remember_speed(sent, 50.0)
    finishes_ms = (await box.night().backlog()).finishes_ms
    if remembered is None:
        assert finishes_ms is None
    else:  # 54 MB at 14.4 Mbit/s, from ten o'clock in the evening on
        assert finishes_ms == NOON_MS + 10 * 3_600_000 + 30_000


async def test_a_capped_run_does_not_say_how_fast_the_line_is() -> None:
    box = _Box()
    await box.night().remember_speed(90_000_000, 50.0, held_back_s=5.0)
    assert box.kept == {}
    await box.night().remember_speed(90_000_000, 50.0, held_back_s=4.9)
    await box.night().remember_speed(10_000_000, 50.0, held_back_s=49.0)
    assert list(box.kept.values()) == [b"14400000"]


async def test_the_footer_s_line_exactly() -> None:
    box = _Box(heads=[_Head(54_000_000), _Head(7, state=PackState.UPLOADED)])
    night = box.night()
    assert await night.line() == NightLine(bytes=54_000_000, nights=1, finishes_ms=None)
    await night.remember_speed(90_000_000, 50.0)
    done_ms = NOON_MS + 10 * 3_600_000 + 30_000
    assert await night.line() == NightLine(bytes=54_000_000, nights=1, finishes_ms=done_ms)
    await night.pause(True)
    assert await night.line() == NightLine(
        bytes=54_000_000, nights=1, finishes_ms=done_ms, paused=True
    )
    box.heads = [_Head(10**12)]
    await night.pause(False)
    assert await night.line() == NightLine(bytes=10**12, nights=0, finishes_ms=None)
    box.heads = ()
    assert await night.line() is None
