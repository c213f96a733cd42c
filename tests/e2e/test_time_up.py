"""The end of a candidate's own time: said, waited for, handed in by the page; never by the box."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from appliance.adapters.store.stores import open_stores
from appliance.core.attempt import AttemptState
from appliance.core.exam import ExamState
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.served_box import ServedBox

_MINUTE_S = 60.0
_DURATION_MINUTES = 60


async def _end_in(room: ExamRoom, box: ServedBox, seconds: float, extra_minutes: int) -> None:
    """Say that the exam began so long ago that A1's time ends in `seconds`."""
    stores = await asyncio.to_thread(open_stores, box.state)
    exam = await stores.exams.get(room.exam)
    began_s = time.time() + seconds - (_DURATION_MINUTES + extra_minutes) * _MINUTE_S
    earlier = replace(exam, started_ms=round(began_s * 1000))
    await stores.exams.replace(earlier, expected=ExamState.LIVE)
    await stores.close()
    await room.act("A1", "hand_down")  # any act: the page is told its status


async def test_the_time_is_up(room: ExamRoom, box: ServedBox, open_page: OpenPage) -> None:
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page()
    page = watched.page
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await walk_to_the_room(page)
    await room.to("live")
    await watched.until_recorded(1)

    await _end_in(room, box, 2, extra_minutes=0)
    await page.get_by_role("heading", name="Your time is up").wait_for()
    assert await watched.says("time") == "The time is up"
    recorded = int((await watched.strip())["recorded"])
    await watched.until_recorded(recorded + 1)  # nothing has ended by itself
    assert room.seat("A1").state is AttemptState.RECORDING

    await room.act("A1", "extra_time", minutes=5, reason="The fire alarm")
    await page.get_by_role("heading", name="The exam is running").wait_for()
    assert room.seat("A1").state is AttemptState.RECORDING

    await _end_in(room, box, 3 - _MINUTE_S, extra_minutes=5)  # a minute after the end is in 3 s
    await shown(page, "done")
    assert await page.inner_text("#done-title") == "You have handed in"
    await room.until_seat("A1", lambda s: s.state is AttemptState.HANDED_IN)
    strip = await watched.strip()
    assert strip["acknowledged"] == strip["recorded"]
    # Nobody's page is open at A2, whose time is over as well: the box ends nothing by itself.
    await _end_in(room, box, -10 * _MINUTE_S, extra_minutes=15)
    await asyncio.sleep(2)
    assert room.seat("A2").state is AttemptState.EXPECTED
    assert (await room.call("GET", f"/exams/{room.exam}"))["state"] == "live"
    assert watched.complaints == []
