"""No camera, a refused notice, an exam without recording: calm, and never asked for more."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route

from appliance.core.attempt import AttemptState, CameraState
from appliance.core.webm import check_and_strip
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.unpluggable import UNPLUGGABLE
from tests.support import clips

ASKED_FOR = "window.askedFor"


async def test_a_computer_without_a_camera(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings())
    watched = await open_page(camera=False)
    page = watched.page
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await page.wait_for_selector("#notice-body p")
    await page.click("#notice-acknowledge")
    await shown(page, "devices")
    await page.click("#devices-on")
    await page.wait_for_selector("#devices-problem:not([hidden])")
    assert "an invigilator then watches your seat" in await page.inner_text("#devices-problem")
    # What the page asked before comes behind what the box has said since, as on a busy computer.
    old = await page.evaluate("fetch('/api/v1/attempts/me').then((answer) => answer.text())")

    late: list[Route] = []
    both = asyncio.Event()

    async def comes_late(route: Route) -> None:
        late.append(route)
        if len(late) == 2:
            await shown(page, "room")
            both.set()
        await route.fulfill(body=old, content_type="application/json")

    await page.route("**/attempts/me", comes_late)
    await page.click("#devices-without")
    await asyncio.wait_for(both.wait(), 60)
    await page.evaluate("fetch('/api/v1/attempts/me')")  # so the one before has been read
    assert await shown(page, "room", "devices") == "room"
    await page.unroute("**/attempts/me")
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)
    await room.to("live")
    await page.wait_for_selector("#hand-in")
    said = await watched.says("recording")
    assert said == "Not recording: an invigilator watches your seat"
    await page.click("#hand-in")
    await page.click("#hand-in-yes")
    await shown(page, "done")
    assert watched.sent == []


async def test_a_refused_notice_means_no_camera_at_all(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings())
    watched = await open_page()
    page = watched.page
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await page.wait_for_selector("#notice-body p")
    await page.click("#notice-refuse")
    await page.click("#notice-refuse-sure")
    await shown(page, "room")
    await room.until_seat("A1", lambda s: s.camera is CameraState.REFUSED)
    await room.to("live")
    await room.until_seat("A1", lambda s: s.state is not AttemptState.EXPECTED)
    await page.wait_for_selector("#hand-in")
    assert await page.evaluate(ASKED_FOR) == []
    await page.reload()
    await shown(page, "room")
    assert await page.evaluate(ASKED_FOR) == []


async def test_what_is_switched_off_is_not_asked_for(room: ExamRoom, open_page: OpenPage) -> None:
    off = {"live_view": False, "video_snippets": False, "face_photo": False}
    await room.open(settings(audio_presence=False, **off))
    watched = await open_page()
    page = watched.page
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await walk_to_the_room(page)
    await room.to("live")
    await page.wait_for_selector("#hand-in")
    assert await watched.says("recording") == "This exam is not recorded"
    assert await page.is_hidden("#strip-watched")
    assert await page.evaluate(ASKED_FOR) == []


async def test_without_sound_the_microphone_is_not_asked_for(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(audio_presence=False, face_photo=False))
    watched = await open_page()
    await watched.page.goto(room.urls["A1"])
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    await watched.until_recorded(1)
    asked = await watched.page.evaluate(ASKED_FOR)
    assert asked
    assert not any(each["audio"] for each in asked)
    assert await watched.says("recording") == "Recording"
    await room.until_kept("A1", 1)  # the box refuses what carries sound
    assert not any(check_and_strip(each.body).has_sound for each in watched.sent)


def test_a_simulated_candidate_is_no_louder() -> None:
    assert not check_and_strip(clips.snippet(seconds=2.0, sound=False)).has_sound
    assert check_and_strip(clips.snippet(seconds=2.0, sound=True)).has_sound


async def test_a_camera_that_is_unplugged_and_comes_back(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page()
    page = watched.page
    await page.add_init_script(UNPLUGGABLE)
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await walk_to_the_room(page)
    await room.to("live")
    await watched.until_recorded(1)

    await page.evaluate("window.unplug()")
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)
    await page.wait_for_selector("#trouble:not([hidden])")
    assert "Go on working" in await page.inner_text("#trouble-text")
    await watched.until_strip("recording", "false")

    before = int((await watched.strip())["recorded"])
    await page.evaluate("() => { window.unplugged = false; }")
    await room.until_seat("A1", lambda s: s.camera is CameraState.WORKING)
    await watched.until_recorded(before + 1)
    assert await page.is_hidden("#trouble")
    await page.click("#hand-in")
    await page.click("#hand-in-yes")
    await shown(page, "done")
    recorded = int((await watched.strip())["recorded"])
    assert await room.kept("A1") == list(range(1, recorded + 1))
