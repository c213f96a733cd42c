"""The candidate's phone as the camera: from the code on the laptop's screen to the last word."""

from __future__ import annotations

import asyncio
import os
import signal

from playwright.async_api import Page

from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.accessibility import check
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.support.browser import KEEP_WAKE_LOCK
from tests.support.qr_code import scanned


async def test_a_phone_films_for_a_laptop_without_a_camera(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(face_photo=False, live_view=False))
    laptop = (await open_page(camera=False)).page
    await laptop.goto(room.urls["A1"])
    await laptop.click("#join-form button")
    await laptop.wait_for_selector("#notice-body p")
    await laptop.click("#notice-acknowledge")
    await shown(laptop, "devices")
    await laptop.click("#devices-on")
    await laptop.click("#phone-ask")
    await laptop.wait_for_selector("#phone-shown:not([hidden])")
    await check(laptop)
    picture = await laptop.get_attribute("#phone-code", "src")
    assert picture
    link = await asyncio.to_thread(scanned, picture)

    on_phone = await open_page(tabs=True)
    phone = on_phone.page
    await phone.set_viewport_size({"width": 360, "height": 740})
    await phone.add_init_script(KEEP_WAKE_LOCK)
    await phone.goto(link)
    await shown(phone, "join")
    await phone.click("#join-form button")
    await walk_to_the_room(phone)
    assert "?" not in phone.url, "the code stays in the address bar"
    await shown(laptop, "moved")
    await check(laptop)
    assert "Work on your computer" in await phone.inner_text("#room-lead")
    await room.until_seat("A1", lambda s: s.state is AttemptState.CHECKED_IN)

    await room.to("live")
    await on_phone.until_recorded(1)
    kept = await room.until_kept("A1", 1)
    assert set(kept) <= {one.sequence for one in on_phone.sent}
    await says(laptop, "is filming")

    # Something else is in front: said at once at the laptop, to the candidate and to the console.
    in_front = await phone.context.new_page()
    await phone.wait_for_function("() => document.hidden", polling=50)
    await says(laptop, "Wake it")
    await check(laptop)
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)
    await on_phone.until_strip("recording", "false")
    before = int((await on_phone.strip())["recorded"])
    # Soon after, the phone's system stops the browser: no timer runs in the page any more.
    await stopped_for(phone, 2)
    await phone.wait_for_function("() => window.awake.released", polling=50)  # nothing is recorded
    await in_front.close()
    await phone.bring_to_front()
    await says(laptop, "is filming")
    await room.until_seat("A1", lambda s: s.camera is CameraState.WORKING)
    await on_phone.until_recorded(before + 1)
    await phone.wait_for_function("() => !window.awake.released")  # it would go dark again

    # The laptop is loaded anew: it still says how the phone does.
    await laptop.reload()
    await shown(laptop, "moved")
    await says(laptop, "is filming")

    # Somebody closes the page on the phone, and opens it phone.
    phone.on("dialog", lambda dialog: dialog.accept())  # "leave this page?"
    await phone.goto("about:blank")
    await says(laptop, "Wake it")
    await phone.goto(room.origin)
    await walk_to_the_room(phone)
    await says(laptop, "is filming")
    await room.until_seat("A1", lambda s: s.link is LinkState.UP)

    await phone.click("#hand-in")
    await phone.click("#hand-in-yes")
    await shown(phone, "done")
    await says(laptop, "over on your phone")
    recorded = int(await phone.evaluate("document.getElementById('strip').dataset.recorded"))
    assert await room.kept("A1") == list(range(1, recorded + 1))
    assert {store: await count(phone, store) for store in STORES} == dict.fromkeys(STORES, 0)
    assert {store: await count(laptop, store) for store in STORES} == dict.fromkeys(STORES, 0)


async def stopped_for(page: Page, seconds: float) -> None:
    """As phones do with a browser that nobody sees: its processes stand still, and then go on."""
    browser = page.context.browser
    assert browser is not None
    devtools = await browser.new_browser_cdp_session()
    found = await devtools.send("SystemInfo.getProcessInfo")
    renderers = [one["id"] for one in found["processInfo"] if one["type"] == "renderer"]
    assert renderers
    count = "window.beats"
    await page.evaluate("() => { window.beats = 0; setInterval(() => (window.beats += 1), 50); }")
    await page.wait_for_function(f"() => {count} > 0", polling=50)
    for renderer in renderers:
        os.kill(renderer, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for renderer in renderers:
            os.kill(renderer, signal.SIGCONT)
    assert await page.evaluate(count) < seconds / 0.05, "it did not stand still"


STORES = ("keys", "facts", "snippets", "drafts")


async def count(page: Page, store: str) -> int:
    """How much of anything is left in the page's database."""
    return int(
        await page.evaluate(
            """async (store) => {
              const { asked, transact } = await import("/static/database.js");
              return transact([store], "readonly", (t) => asked(t.objectStore(store).count()));
            }""",
            store,
        )
    )


async def says(laptop: Page, words: str) -> None:
    await laptop.wait_for_function(
        "words => document.getElementById('moved-films').textContent.includes(words)", arg=words
    )
