"""Before a start the box says how many nights the line will take, earlier exams included."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

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
from tests.support.closed_exam import closed_exam, exam_of, new_id


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
