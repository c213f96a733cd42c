"""Before a start the box says how many nights the line will take, earlier exams included."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.adapters.store.stores import open_stores
from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.config.night import NightConfig
from appliance.core import start_gate
from appliance.core.checkup import CheckStatus
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.core.night_window import Window
from appliance.processes.night_parts import night_of
from appliance.services.night_plan import MEASURED_BIT_S
from tests.support.closed_exam import closed_exam, exam_of, new_id

STOCKHOLM = ZoneInfo("Europe/Stockholm")


async def test_the_night_after_the_exam_counts_what_still_waits(state: Path) -> None:
    made = await closed_exam(state, CloudConfig(), candidates=1)  # nothing is sent
    hour = datetime.now(UTC).hour + 5  # well after the exam's three hours
    window = Window(opens=f"{hour % 24:02}:00", closes=f"{(hour + 1) % 24:02}:00", cap_mbit_s=1.0)
    config = replace(
        await asyncio.to_thread(box.load, state),
        night=NightConfig(time_zone="UTC", window=(window,)),
    )
    earlier = await exam_of(state, made.exam_id)
    stores = await asyncio.to_thread(open_stores, state)
    try:
        # An hour at 1 Mbit/s carries some 430 MB, and a candidate's three hours weigh about 240.
        settings = replace(earlier.settings, duration_minutes=180)
        exam = replace(
            earlier,
            exam_id=ExamId(new_id()),
            code="NATTEN",
            state=ExamState.OPEN,
            started_ms=None,
            closed_ms=None,
            settings=settings,
        )
        await stores.exams.add(exam)
        (sat,) = await stores.attempts.of_exam(made.exam_id)
        night = await asyncio.to_thread(night_of, config, stores)
        said = []
        for candidate in range(3):
            seat = replace(sat.seat, label=f"B{candidate}")
            await stores.attempts.add(
                [
                    replace(
                        sat,
                        attempt_id=AttemptId(new_id()),
                        exam_id=exam.exam_id,
                        seat=seat,
                        seat_code_hash=new_id(),
                    )
                ]
            )
            forecast = await night.after(exam)
            expected = (await night.plan(only=exam.exam_id)).bytes
            assert forecast.bytes == (await night.backlog()).bytes + expected > expected
            said.append((forecast.nights, start_gate.night(forecast, 0, config.night.zone)))
    finally:
        await stores.close()
    assert [nights for nights, _ in said] == [1, 2, 2]
    assert [c.status for _, c in said] == [CheckStatus.OK, CheckStatus.WARN, CheckStatus.WARN]
    assert "Two nights, done " in said[1][1].detail


@pytest.mark.parametrize("zoned", [True, False])
async def test_an_exam_of_next_week_is_done_the_night_after_it(state: Path, zoned: bool) -> None:
    made = await closed_exam(state, CloudConfig(), candidates=1)
    start = (datetime.now(STOCKHOLM) + timedelta(days=5)).replace(
        hour=9, minute=0, second=0, microsecond=0
    )
    earlier = await exam_of(state, made.exam_id)
    settings = replace(
        earlier.settings,
        duration_minutes=180,
        starts_at=(start if zoned else start.replace(tzinfo=None)).isoformat(timespec="minutes"),
    )
    draft = replace(
        earlier,
        exam_id=ExamId(new_id()),
        code="SENARE",
        state=ExamState.DRAFT,
        started_ms=None,
        closed_ms=None,
        settings=settings,
    )
    stores = await asyncio.to_thread(open_stores, state)
    try:
        await stores.exams.add(draft)
        await stores.facts.put(MEASURED_BIT_S, b"50000000")
        (sat,) = await stores.attempts.of_exam(made.exam_id)
        own = replace(
            sat, attempt_id=AttemptId(new_id()), exam_id=draft.exam_id, seat_code_hash=new_id()
        )
        await stores.attempts.add([own])
        night = NightConfig(time_zone="Europe/Stockholm")  # from 22:00 to 06:00
        config = replace(await asyncio.to_thread(box.load, state), night=night)
        planned = await (await asyncio.to_thread(night_of, config, stores)).plan(draft.exam_id)
    finally:
        await stores.close()
    assert planned.finishes_ms is not None
    done = datetime.fromtimestamp(planned.finishes_ms / 1000, STOCKHOLM)
    assert start.replace(hour=22) < done < start.replace(hour=23)
