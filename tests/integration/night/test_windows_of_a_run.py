"""What windows, a metered line and a pause do to a run, with a real store and a clock that the test
moves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.config.night import NightConfig
from appliance.core.errors import Refused
from appliance.core.exam import ExamState
from appliance.core.night_window import Window
from appliance.core.pack_journal import PackState
from appliance.core.ports import Content, ObjectCloud, RemoteObject
from appliance.core.snippet import PriorityClass
from appliance.processes.cloud_ends import CloudEnds, cloud_ends
from appliance.processes.drill import drill, why_not_now
from appliance.processes.syncer import Syncer, syncer
from appliance.services import cloud_documents as documents
from appliance.services.paced_line import Closed
from tests.support.closed_exam import ClosedExam, closed_exam, exam_of
from tests.support.fake_clock import FakeClock
from tests.support.object_servers import SeaweedFS

NOON_MS = round(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_S = 3600


def _silent(sent: int, total: int) -> None: ...


def _windows(state: Path, *windows: Window) -> None:
    night = NightConfig(time_zone="UTC", window=windows)
    box.write(state, replace(box.load(state), night=night))


@asynccontextmanager
async def _night(made: ClosedExam, clock: FakeClock, *windows: Window) -> AsyncIterator[Syncer]:
    await asyncio.to_thread(_windows, made.state, *windows)
    async with syncer(made.state, signer=made.signer) as opened:
        yield replace(opened, clock=clock)


async def _sent(night: Syncer, made: ClosedExam) -> Counter[PriorityClass]:
    heads = await night.journal.heads(made.exam_id)
    return Counter(head.priority for head in heads if head.state is not PackState.PLANNED)


class _Then:
    """The object store of the night, and what happens when a pack has arrived."""

    def __init__(self, real: ObjectCloud, then: Callable[[], Awaitable[None]]) -> None:
        self._real = real
        self._then = then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def put(self, name: str, content: Content) -> RemoteObject:
        remote = await self._real.put(name, content)
        if name.startswith("packs/"):
            await self._then()
        return remote


def _and_then(
    night: Syncer, then: Callable[[], Awaitable[None]], when: type[_Then] = _Then
) -> Syncer:
    @asynccontextmanager
    async def reach(*words: Any, **more: Any) -> AsyncIterator[CloudEnds]:
        async with cloud_ends(*words, **more) as ends:
            objects = cast("ObjectCloud", when(ends.objects, then))
            yield CloudEnds(objects=objects, records=ends.records)

    return replace(night, reach=reach)


class _WhileReadBack(_Then):
    async def put(self, name: str, content: Content) -> RemoteObject:
        return await self._real.put(name, content)

    async def get(self, *words: Any, **more: Any) -> bytes:
        await self._then()
        return await self._real.get(*words, **more)


async def test_the_last_word_on_an_exam_waits_for_the_next_window_too(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config, candidates=1)
    clock = FakeClock(NOON_MS)

    async def two_o_clock() -> None:
        clock.advance(2 * HOUR_S if clock.now_ms() == NOON_MS else 0)

    async def there() -> str:
        async with cloud_ends(cloud_config) as ends:
            (exam,) = await ends.records.find(documents.EXAMS, _id=made.exam_id)
        return str(exam["state"])

    async with _night(made, clock, Window(opens="11:00", closes="13:00")) as night:
        report = await _and_then(night, two_o_clock, _WhileReadBack).run(_silent)
        assert clock.now_ms() > NOON_MS  # it was read back
        assert (report.exams, await there()) == ([], "closed")
        assert report.stopped
        assert (await exam_of(state, made.exam_id)).state is ExamState.CLOSED
        clock.advance(22 * HOUR_S)
        assert (await night.run(_silent)).exams == [made.exam_id]
        assert await there() == "archived"


async def test_a_metered_night_carries_records_only(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config, candidates=1)
    windows = (
        Window(opens="11:00", closes="13:00", metered=True),
        Window(opens="22:00", closes="06:00"),
    )
    clock = FakeClock(NOON_MS)
    async with _night(made, clock, *windows) as night:
        report = await night.run(_silent)
        assert await _sent(night, made) == {PriorityClass.RECORDS: len(made.attempts)}
        assert (report.packs, report.exams) == (len(made.attempts), [])
        assert (await exam_of(state, made.exam_id)).state is ExamState.CLOSED
        clock.advance(11 * HOUR_S)
        assert (await night.run(_silent)).exams == [made.exam_id]


async def test_what_a_window_carries_is_asked_of_the_next_one_again(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config, candidates=3)
    windows = (
        Window(opens="11:00", closes="13:00"),
        Window(opens="13:00", closes="14:00", metered=True),
    )
    clock = FakeClock(NOON_MS)

    async def one_o_clock() -> None:
        clock.advance(HOUR_S if clock.now_ms() == NOON_MS else 0)

    async with _night(made, clock, *windows) as night:
        report = await _and_then(night, one_o_clock).run(_silent)
        assert "metered" in report.stopped
        sent = await _sent(night, made)
        assert sent.total() < 3 * len(made.attempts)
        again = await night.run(_silent)  # still over the metered line
        assert (again.stopped, again.exams) == ("", [])
        assert (await _sent(night, made))[PriorityClass.RECORDS] == len(made.attempts)


@pytest.mark.parametrize("store", ["gcs", "s3"])
async def test_footage_under_way_goes_no_further_over_a_metered_line(
    store: str, state: Path, cloud_config: CloudConfig, seaweed: SeaweedFS, tmp_path: Path
) -> None:
    """In the middle of a pack the metered window begins: not one piece more, and it goes on where
    it was with the next other window."""
    config = cloud_config if store == "gcs" else seaweed.config(cloud_config, tmp_path)
    made = await closed_exam(state, config, candidates=1, snippets=4, bulk=1_500_000)
    windows = (
        Window(opens="11:00", closes="13:00"),
        Window(opens="13:00", closes="14:00", metered=True),
        Window(opens="14:00", closes="15:00"),
    )
    clock, after = FakeClock(NOON_MS), list[int]()
    sent = 0

    def one_o_clock(count: int) -> None:
        nonlocal sent
        sent += count
        if clock.now_ms() > NOON_MS:
            after.append(count)
        elif sent > 1_000_000:
            clock.advance(HOUR_S)

    async with _night(made, clock, *windows) as night:
        report = await night.run(_silent, on_sent=one_o_clock)
        assert "metered" in report.stopped
        assert (after, sent < 6_000_000) == ([], True)
        clock.advance(HOUR_S)
        assert (await night.run(_silent)).exams == [made.exam_id]


async def test_where_a_box_has_no_windows_the_usual_night_binds_timer_and_person(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config, candidates=1)
    clock = FakeClock(NOON_MS)
    async with _night(made, clock) as night:
        for by_timer in (True, False):
            with pytest.raises(Refused, match="22:00 to 06:00") as refused:
                await night.run(_silent, by_timer=by_timer)
            assert refused.value.code == Closed.WINDOW
        assert not await _sent(night, made)
        clock.advance(10 * HOUR_S)
        assert (await night.run(_silent, by_timer=True)).exams == [made.exam_id]


async def test_the_timer_s_drill_waits_for_a_window_that_is_not_metered(tmp_path: Path) -> None:
    """What it reads back has no cap: a box that is switched on in the morning leaves the exam's
    line alone. Once a night is enough."""
    objects = CloudConfig(objects="directory", directory=tmp_path / "objects")
    made = await closed_exam(tmp_path / "box", objects, candidates=1)
    clock = FakeClock(NOON_MS)
    windows = (
        Window(opens="13:00", closes="14:00", metered=True),
        Window(opens="22:00", closes="06:00"),
    )
    async with _night(made, clock, *windows) as night:
        assert "left for the night" in await why_not_now(night)
        clock.advance(HOUR_S)
        assert "metered" in await why_not_now(night)
        clock.advance(9 * HOUR_S)
        await night.night.pause(True)
        assert "paused" in await why_not_now(night)
        await night.night.pause(False)
        assert not await why_not_now(night)
        assert (await drill(night, clock.now_ms())).ok  # no exam in the archive yet
        clock.advance(6 * HOUR_S)
        assert "already" in await why_not_now(night)
        clock.advance(18 * HOUR_S)
        assert not await why_not_now(night)


async def test_a_person_s_command_with_a_reason_goes_at_noon(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config, candidates=1)
    async with _night(made, FakeClock(NOON_MS)) as night:
        assert (await night.run(_silent, reason="A holiday.")).exams == [made.exam_id]
        entries = await night.stores.audit.entries()
    assert ("sync.forced", "A holiday.") in [(e.action, e.about) for e in entries]


async def test_a_pause_stops_a_run_midway_and_resumed_it_goes_on(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config, candidates=3)
    clock = FakeClock(NOON_MS)
    async with _night(made, clock, Window(opens="00:00", closes="00:00")) as night:

        async def pause() -> None:
            await night.night.pause(True)
            clock.advance(2)

        report = await _and_then(night, pause).run(_silent)
        assert "Sending is paused" in report.stopped
        assert report.exams == []
        assert (await night.night.status()).backlog_packs > 0
        with pytest.raises(Refused) as refused:
            await night.run(_silent)
        assert refused.value.code == Closed.PAUSED
        await night.night.pause(False)
        clock.advance(2)
        assert (await night.run(_silent)).exams == [made.exam_id]
