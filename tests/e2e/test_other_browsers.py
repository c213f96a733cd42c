"""The whole visit in other engines than Chromium's: Firefox, and WebKit as Safari has it (its media
come from elsewhere in Safari). `firmware_scripts/test_browsers.sh` installs them and runs this."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.attempt import AttemptState, CameraState
from tests.e2e.exam_room import ExamRoom, settings
from tests.support.other_browsers import OtherBrowser, open_firefox, open_webkit, until
from tests.support.tiny_webm import tiny_webm

pytestmark = [pytest.mark.soak, pytest.mark.timeout(240)]

SHOWN = "document.body.dataset.shown"
STRIP = "({...document.getElementById('strip').dataset})"
RECORDS = "MediaRecorder.isTypeSupported('video/webm;codecs=vp8,opus')"
STANDS = f"""({{
  shown: {SHOWN}, strip: {STRIP}, complaints: globalThis.complaints ?? null,
  problems: [...document.querySelectorAll(".problem:not([hidden])")].map((one) => one.innerText),
}})"""
STORES = """(async () => {
  const open = indexedDB.open("hallvakt");
  const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const counts = {};
  for (const store of database.objectStoreNames) {
    const asked = database.transaction(store).objectStore(store).count();
    counts[store] = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  }
  database.close();
  return counts;
})()"""

# What Safari 18.4 and newer have and WebKitGTK on Debian 12 has not: a recorder for WebM. It gives
# what was recorded before; all that the page then does with it, WebKit does.
RECORDER = """(() => {
  const film = Uint8Array.from(atob("FILM"), (letter) => letter.charCodeAt(0));
  globalThis.MediaRecorder = class {
    static isTypeSupported = (type) => type.startsWith("video/webm");
    state = "inactive";
    start() { this.state = "recording"; }
    stop() {
      this.state = "inactive";
      setTimeout(() => {
        this.ondataavailable({ data: new Blob([film]) });
        this.onstop();
      });
    }
  };
  return true;
})()"""

# What the page itself would tell in this engine's console.
LISTEN = """(() => {
  globalThis.complaints = [];
  const note = (kind, what) => complaints.push(`${kind}: ${what}`);
  addEventListener("error", (e) => note("error", e.message));
  addEventListener("unhandledrejection", (e) => note("rejection", e.reason));
  addEventListener("securitypolicyviolation", (e) => note("policy", e.violatedDirective));
  return true;
})()"""

Opens = Callable[[Path], contextlib.AbstractAsyncContextManager[OtherBrowser]]


async def press(browser: OtherBrowser, selector: str) -> None:
    visible = f"document.querySelector('{selector}')?.checkVisibility()"
    await until(browser, visible)
    await browser.run(f"document.querySelector('{selector}').click()")


async def said(browser: OtherBrowser, selector: str) -> str:
    return str(await browser.run(f"document.querySelector('{selector}').innerText"))


async def step(browser: OtherBrowser, *names: str) -> str:
    return str(await until(browser, f"{list(names)}.includes({SHOWN}) && {SHOWN}"))


@pytest.mark.parametrize(
    ("opens", "recorder"),
    [
        pytest.param(open_firefox, "its own", id="firefox"),
        pytest.param(open_webkit, "its own", id="webkit as Safari before 18.4"),
        pytest.param(open_webkit, "stand-in", id="webkit with a recorder for WebM"),
    ],
)
async def test_a_whole_visit(opens: Opens, recorder: str, room: ExamRoom, tmp_path: Path) -> None:
    await room.open(settings(face_photo=False))
    film = base64.b64encode(tiny_webm(5, seconds=5)).decode()
    before = RECORDER.replace("FILM", film) if recorder == "stand-in" else "true"
    async with opens(room.authority) as browser:
        try:
            await visit(browser, room, before)
        except BaseException as error:
            error.add_note(str(await browser.run(STANDS)))
            (tmp_path / "page.png").write_bytes(await browser.picture())
            raise


async def visit(browser: OtherBrowser, room: ExamRoom, before: str) -> None:
    """`before` is run in the page before it looks for a recorder."""
    await browser.goto(room.urls["A1"])
    await step(browser, "join")
    await browser.run(LISTEN)
    await browser.run(before)
    await press(browser, "#join-form button")
    await step(browser, "notice")
    await until(browser, "document.querySelector('#notice-body p') !== null")
    await press(browser, "#notice-acknowledge")
    await step(browser, "devices")
    records = await browser.run(RECORDS)
    if records:
        await with_camera(browser, room)
    else:
        await without_recorder(browser, room)

    # The page's key and the spool's are CryptoKeys in this engine's database: a reload goes on.
    kept = await browser.run(STORES)
    assert kept["keys"] >= 2, kept
    assert await browser.run("complaints") == []
    await browser.goto(room.origin)
    await browser.run(LISTEN)
    await browser.run(before)
    await step(browser, "room")
    if records:
        await until(browser, f"{STRIP}.recording === 'true'")
        recorded = int((await browser.run(STRIP))["recorded"])
        await until(browser, f"Number({STRIP}.recorded) > {recorded}")
    await press(browser, "#hand")
    await room.until_seat("A1", lambda s: s.hand_raised)
    await room.act("A1", "message", text="The door stays open.")
    await until(browser, "document.querySelector('#messages-list li') !== null")

    await press(browser, "#hand-in")
    await press(browser, "#hand-in-yes")
    await step(browser, "done")
    await room.until_seat("A1", lambda s: s.state is AttemptState.HANDED_IN)
    strip = await browser.run(STRIP)
    assert strip["acknowledged"] == strip["recorded"], strip
    assert strip["givenUp"] == "0"
    assert await room.kept("A1") == list(range(1, int(strip["recorded"]) + 1))
    assert not any((await browser.run(STORES)).values()), "something stays on this computer"
    assert await browser.run("complaints") == []


async def with_camera(browser: OtherBrowser, room: ExamRoom) -> None:
    await press(browser, "#devices-on")
    await until(browser, "document.getElementById('devices-picture').videoWidth > 0")
    await press(browser, "#devices-good")
    await step(browser, "room")
    await room.until_seat("A1", lambda s: s.camera is CameraState.WORKING)
    await room.to("live")
    await until(browser, f"{STRIP}.recording === 'true'")
    assert await said(browser, "#strip-recording .said") == "Recording, with sound"
    # The box looked into each before it acknowledged it: container, codecs, length.
    await room.until_kept("A1", 2)
    if await browser.run("'RTCPeerConnection' in globalThis"):
        await looked_at(browser, room)


async def looked_at(browser: OtherBrowser, room: ExamRoom) -> None:
    viewer = room.invigilator.live_viewer(room.exam, room.seat("A1").attempt_id)
    watching = asyncio.create_task(viewer.watch())
    await until(browser, f"{STRIP}.watchers === '1'")
    async with asyncio.timeout(60):
        while viewer.tally.frames < 5:
            assert not watching.done(), viewer.tally
            await asyncio.sleep(0.1)
    assert viewer.tally.relayed
    viewer.stop()
    await asyncio.wait_for(watching, 60)


async def without_recorder(browser: OtherBrowser, room: ExamRoom) -> None:
    """As in Safari before 18.4, which records in MP4 only."""
    await until(browser, "!document.getElementById('devices-problem').hidden")
    told = await said(browser, "#devices-problem")
    assert "Safari 18.4" in told
    assert "costs you nothing" in told
    # One word on what is missing, not two that contradict each other.
    assert await browser.run("document.getElementById('devices-limits').hidden")
    await press(browser, "#devices-without")
    await step(browser, "room")
    await room.until_seat("A1", lambda s: s.camera is CameraState.MISSING)
    await room.to("live")
    await until(browser, f"{STRIP}.recording === 'false'")
    assert await said(browser, "#strip-recording .said") == (
        "Not recording: an invigilator watches your seat"
    )
