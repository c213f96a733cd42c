"""The whole visit of one candidate, in a real browser against a real box."""

from __future__ import annotations

import re

from appliance.core.attempt import AttemptState, CameraState
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.support.browser import KEEP_WAKE_LOCK


async def test_from_the_slip_to_the_last_word(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings())
    watched = await open_page()
    page = watched.page
    await page.add_init_script(KEEP_WAKE_LOCK)

    await page.goto(room.urls["A1"])
    await shown(page, "join")
    assert await page.input_value("#exam-code") == room.code
    await page.click("#join-form button")
    await shown(page, "notice")
    assert "?" not in page.url, "the codes stay in the address bar"
    assert await page.inner_text("#seat") == "Hall A · A1"
    await walk_to_the_room(page)
    await room.until_seat("A1", lambda s: s.state is AttemptState.CHECKED_IN)
    await room.until_seat("A1", lambda s: s.camera is CameraState.WORKING and s.portrait)
    assert await watched.says("recording") == "Not recording: the exam has not begun"

    await room.to("live")
    await watched.until_strip("recording", "true")
    assert await watched.says("recording") == "Recording, with sound"
    assert await watched.says("watched") == "Nobody is looking live"
    assert await watched.says("time") in {"1:00:00 left", *(f"59:{s:02} left" for s in range(60))}
    await watched.until_recorded(2)

    # Another window was in front for a while: the browser ended the lock that keeps the screen on.
    await page.evaluate("window.awake.release()")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_function("() => !window.awake.released")
    assert (await watched.strip())["recording"] == "true"

    await page.click("#hand")
    await room.until_seat("A1", lambda s: s.hand_raised)
    await page.wait_for_selector("#hand[aria-pressed=true]")
    await room.act("A1", "message", text="The door stays open.")
    await page.wait_for_selector("#messages-list li")
    assert "The door stays open." in await page.inner_text("#messages-list")

    await room.act("A1", "break_start")
    await watched.until_strip("recording", "false")
    told = await watched.says("recording")
    assert re.fullmatch(r"On a break for 00:\d\d: nothing is recorded", told), told
    assert await page.evaluate("document.getElementById('devices-picture').srcObject") is None
    await room.act("A1", "break_end")
    await watched.until_strip("recording", "true")
    before = int((await watched.strip())["recorded"])
    await watched.until_recorded(before + 1)

    await page.click("#hand-in")
    await page.click("#hand-in-yes")
    await shown(page, "done")
    assert await page.inner_text("#done-title") == "You have handed in"
    strip = await watched.strip()
    assert int(strip["recorded"]) >= 3  # what a break or the end cuts off at once may be nothing
    assert strip["acknowledged"] == strip["recorded"]
    assert await room.kept("A1") == list(range(1, int(strip["recorded"]) + 1))
    await room.until_seat("A1", lambda s: s.state is AttemptState.HANDED_IN)
    assert await watched.database() == {"drafts": [], "facts": [], "keys": [], "snippets": []}

    await page.reload()
    await shown(page, "done")
    assert watched.complaints == []
    assert watched.elsewhere == []


async def test_closing_the_exam_ends_the_visit_and_takes_what_is_still_in_the_spool(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page()
    await watched.page.goto(room.urls["A1"])
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    await watched.until_recorded(1)
    await room.to("closed")
    await shown(watched.page, "done")
    assert await watched.page.inner_text("#done-title") in {
        "The exam is over",
        "You have handed in",
    }
    strip = await watched.strip()
    assert int(strip["recorded"]) >= 2, "the snippet that was being recorded at close was lost"
    assert strip["acknowledged"] == strip["recorded"], strip
    assert strip["givenUp"] == "0"
    assert (await watched.database())["snippets"] == []
