"""A browser that neither opens the camera nor refuses it: the page says so, a press begins anew,
and what comes late is either the camera's picture or switched off."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page

from appliance.core.attempt import CameraState
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings

AFTER_PATIENCE_S = 20
TRIES_AGAIN_MS = 4_000

# Before the page's modules: getUserMedia answers only when the test lets it.
HANGING = """
window.hangs = true;
window.hanging = [];
window.streams = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.hangs) await new Promise((go) => window.hanging.push(go));
  const stream = await open(wanted);
  window.streams.push(stream);
  return stream;
};
window.recorders = [];
window.MediaRecorder = class extends MediaRecorder {
  constructor(...how) {
    super(...how);
    window.recorders.push(this);
  }
};
"""
PULL_OUT = """() => {
  for (const track of streams.flatMap((one) => one.getTracks())) {
    if (track.readyState === "ended") continue;
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}"""
# Of each stream that the browser has given: is any of its tracks still on?
LIT = "() => streams.map((one) => one.getTracks().some((each) => each.readyState === 'live'))"
# Two for a moment when a snippet ends and the next begins, else one.
RECORDING = "() => recorders.filter((one) => one.state === 'recording').length"


async def hanging(page: Page, count: int) -> None:
    await page.wait_for_function("count => hanging.length === count", arg=count)


async def patience_ends(page: Page) -> None:
    """And the clock stands still: where the browser may not be asking, the page tries again by
    itself after some seconds, and here it is the press that is looked at."""
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000") + AFTER_PATIENCE_S)


async def comes_late(page: Page, streams: int) -> None:
    """What hung goes on, until the browser has given so many streams in all."""
    await page.evaluate("() => { hangs = false; for (const go of hanging.splice(0)) go(); }")
    await page.wait_for_function("count => streams.length === count", arg=streams)


async def at_the_devices(room: ExamRoom, open_page: OpenPage) -> Page:
    await room.open(settings(face_photo=False, live_view=False))
    page = (await open_page()).page
    await page.add_init_script(HANGING)
    await page.clock.install()
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await page.wait_for_selector("#notice-body p")
    await page.click("#notice-acknowledge")
    await shown(page, "devices")
    return page


async def test_what_comes_late_is_taken_where_nobody_asked_anew(
    room: ExamRoom, open_page: OpenPage
) -> None:
    page = await at_the_devices(room, open_page)
    await page.click("#devices-on")
    await hanging(page, 1)
    await patience_ends(page)
    await page.wait_for_selector("#devices-problem:not([hidden])")
    said = await page.inner_text("#devices-problem")
    assert said.startswith("The camera does not answer. If the browser asks, allow it;")
    assert await page.is_visible("#devices-without")
    await page.click("#language")
    assert (await page.inner_text("#devices-problem")).startswith("Kameran svarar inte.")
    await comes_late(page, 1)
    await page.wait_for_selector("#devices-check:not([hidden])")
    assert await page.is_hidden("#devices-problem")
    assert await page.evaluate(LIT) == [True]

    # Another camera is chosen, does not answer either, and the candidate goes on without one.
    await page.evaluate("() => { hangs = true; }")
    await page.dispatch_event("#devices-camera", "change")
    await hanging(page, 1)
    await patience_ends(page)
    await page.click("#devices-without")
    await shown(page, "room")
    await comes_late(page, 2)
    await page.wait_for_function(f"() => ({LIT})().every((lit) => !lit)")


async def test_a_press_begins_anew_at_check_in_and_in_mid_exam(
    room: ExamRoom, open_page: OpenPage
) -> None:
    page = await at_the_devices(room, open_page)
    walk = asyncio.create_task(walk_to_the_room(page))  # presses again when the page asks for it
    await hanging(page, 1)
    await page.evaluate("() => { hangs = false; }")
    await patience_ends(page)
    await walk
    await page.clock.resume()
    await comes_late(page, 2)
    await page.wait_for_function(f"() => ({LIT})().join() === 'true,false'")

    await room.to("live")
    await page.wait_for_function(f"() => ({RECORDING})() === 1")
    await page.evaluate("() => { hangs = true; }")
    await page.evaluate(PULL_OUT)
    await hanging(page, 1)
    await patience_ends(page)
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)
    assert "allow it if the browser asks" in await page.inner_text("#trouble-text")
    await page.evaluate("() => { hangs = false; }")
    await page.click("#trouble-fix")
    await room.until_seat("A1", lambda s: s.camera is CameraState.WORKING)
    await comes_late(page, 4)
    await page.wait_for_function(f"() => ({LIT})().join() === 'false,false,true,false'")
    await page.wait_for_function(f"() => ({RECORDING})() === 1")
    assert await page.is_hidden("#trouble")
    await page.clock.resume()

    # Where the browser need not ask anybody, the page tries again by itself.
    await page.evaluate("() => { hangs = true; }")
    await page.evaluate(PULL_OUT)
    await hanging(page, 1)
    await patience_ends(page)
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)
    await page.evaluate("() => { hangs = false; }")
    await page.clock.resume()
    await page.clock.fast_forward(TRIES_AGAIN_MS)
    await room.until_seat("A1", lambda s: s.camera is CameraState.WORKING)
    await page.wait_for_function(f"() => ({RECORDING})() === 1")

    # Handed in while the browser has still to answer: nothing is switched on behind it.
    await page.evaluate("() => { hangs = true; }")
    await page.evaluate(PULL_OUT)
    await hanging(page, 2)
    await page.click("#hand-in")
    await page.click("#hand-in-yes")
    await shown(page, "done")
    await comes_late(page, 7)
    await page.wait_for_function(f"() => ({LIT})().every((lit) => !lit)")
    assert await page.evaluate(RECORDING) == 0
