"""A browser that lacks something: the page says what, what still works, and what to do."""

from __future__ import annotations

import asyncio

import pytest

from appliance.core.attempt import CameraState
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings

# Before the page's modules, as in a browser that never had it.
WITHOUT = {
    "indexedDB": "Object.defineProperty(window, 'indexedDB', { value: undefined });",
    # Where site data is blocked, even to look is an error.
    "site data": "Object.defineProperty(window, 'localStorage', "
    "{ get() { throw new DOMException('', 'SecurityError'); } });",
    "WebCrypto": "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });",
    "locks": "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });",
    "MediaRecorder": "Object.defineProperty(window, 'MediaRecorder', { value: undefined });",
    "camera": "Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined });",
    "WebRTC": "Object.defineProperty(window, 'RTCPeerConnection', { value: undefined });",
}
# What the page cannot do without, and its words for it in both languages.
NEEDED = {
    "indexedDB": ("recordings would be lost", "inspelningar skulle gå förlorade"),
    "site data": ("recordings would be lost", "inspelningar skulle gå förlorade"),
    "WebCrypto": ("cannot encrypt", "kan inte kryptera"),
    "locks": ("too old", "för gammal"),
}
ROSTER = """\
name,number,seat,hall,extra_minutes
Kandidat Ett,1,A1,Hall A,0
Kandidat Två,2,A2,Hall A,0
"""


# Edge is Chromium under another name: what it tells of itself, in the old way and in the new.
EDGE = {
    "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
    "userAgentMetadata": {
        "brands": [
            {"brand": "Microsoft Edge", "version": "143"},
            {"brand": "Chromium", "version": "143"},
        ],
        "platform": "Windows",
        "platformVersion": "15.0.0",
        "architecture": "x86",
        "model": "",
        "mobile": False,
    },
}


@pytest.mark.timeout(240)
async def test_each_missing_part_is_told_and_what_still_works_goes_on(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(face_photo=False), ROSTER)
    watched = await open_page()
    browser = watched.page.context.browser
    assert browser is not None
    for part, words in NEEDED.items():
        for locale, said in zip(("en", "sv"), words, strict=True):
            context = await browser.new_context(locale=locale)
            page = await context.new_page()
            await page.add_init_script(WITHOUT[part])
            await page.goto(room.urls["A1"])
            await shown(page, "unsupported")
            assert said in await page.inner_text("#unsupported-list"), part
            assert await page.inner_text("#unsupported-do")
            await context.close()

    context = await browser.new_context()
    page = await context.new_page()
    await (await context.new_cdp_session(page)).send("Emulation.setUserAgentOverride", EDGE)
    await page.goto(room.urls["A1"])
    assert "Microsoft Edge" in await page.evaluate("JSON.stringify(navigator.userAgentData)")
    await shown(page, "join")
    await context.close()

    # Without a recorder, or without any way to a camera: on, with a person watching the seat.
    page = watched.page
    await page.add_init_script(WITHOUT["MediaRecorder"])
    await page.goto(room.urls["A1"])
    await page.click("#join-form button")
    await page.wait_for_selector("#notice-body p")
    await page.click("#notice-acknowledge")
    await page.wait_for_selector("#devices-problem:not([hidden])")
    assert "cannot record video" in await page.inner_text("#devices-problem")
    await page.add_init_script(WITHOUT["camera"])
    await page.reload()
    await page.wait_for_selector("#devices-without:not([hidden])")
    assert "cannot record video" in await page.inner_text("#devices-problem")
    await page.click("#devices-without")
    await shown(page, "room")
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)

    # Without live pictures: recorded like everybody, and whoever looks is told at once.
    other = await open_page()
    page = other.page
    await page.add_init_script(WITHOUT["WebRTC"])
    await page.goto(room.urls["A2"])
    await page.click("#join-form button")
    await page.wait_for_selector("#notice-body p")
    await page.click("#notice-acknowledge")
    await page.wait_for_selector("#devices-limits:not([hidden])")
    assert "All else works" in await page.inner_text("#devices-limits")
    await walk_to_the_room(page)
    await room.to("live")
    await other.until_recorded(1)
    await room.until_kept("A2", 1)
    viewer = room.invigilator.live_viewer(room.exam, room.seat("A2").attempt_id)
    watching = asyncio.create_task(viewer.watch())
    await asyncio.wait([watching], timeout=20)
    assert watching.done(), "whoever looks waits for a picture that will never come"
    assert viewer.tally.frames == 0
    await other.until_strip("watchers", "0")
    await watching
    assert watched.complaints == other.complaints == []
