"""What happens to computers in an exam hall: a camera is unplugged, a clock is wrong, a lid is
closed, the network is gone for half an hour."""

from __future__ import annotations

import asyncio
import os
import time
from base64 import b64encode

import pytest

from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.served_box import ServedBox
from tests.support.browser import WatchedPage
from tests.support.candidate_network import BOX_ADDRESS, CandidateNetwork

CUT_SNIPPETS = 180  # half an hour of ten seconds each
CUT_MINUTES = 30
CLOCK_OFF_MS = 2_000
CLOCK_AHEAD_MS = 90_000

# Before the page's modules: a camera that can be pulled out, and a clock that can be wrong.
UNRELIABLE = """
window.unplugged = false;
window.wrongBy = 90_000;
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.unplugged) throw new DOMException("no camera", "NotFoundError");
  return (window.stream = await open(wanted));
};
const now = Date.now.bind(Date);
Date.now = () => now() + window.wrongBy;
"""

UNPLUG = """
() => {
  window.unplugged = true;
  for (const track of window.stream.getTracks()) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}
"""

PLUG_IN = """
() => {
  window.unplugged = false;
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
}
"""

# In a second tab, which waits for the first: half an hour of snippets into the spool.
FILL_SPOOL = """
async ([base64, count, firstMs]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const status = await (await fetch("/api/v1/attempts/me")).json();
  const { Spool } = await import("/static/spool.js");
  const spool = await Spool.open(status.attempt, status.next_sequence - 1);
  for (let n = 0; n < count; n += 1) await spool.put(bytes.buffer, firstMs + 10_000 * n);
  return spool.last;
}
"""


async def recording(
    room: ExamRoom,
    open_page: OpenPage,
    script: str = "",
    network: CandidateNetwork | None = None,
) -> WatchedPage:
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page(network=network)
    if script:
        await watched.page.add_init_script(script)
    url = room.urls["A1"]
    await watched.page.goto(url.replace("127.0.0.1", BOX_ADDRESS) if network else url)
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    await watched.until_recorded(1)
    return watched


async def test_a_camera_pulled_out_and_a_clock_that_is_wrong(
    room: ExamRoom, open_page: OpenPage
) -> None:
    watched = await recording(room, open_page, UNRELIABLE)
    live_ms = (await room.call("GET", f"/exams/{room.exam}"))["started_ms"]
    page = watched.page
    await page.evaluate(UNPLUG)
    await watched.until_strip("recording", "false")
    assert "unplugged" in await page.inner_text("#trouble-text")
    assert await page.is_visible("#trouble-fix")
    await room.until_seat("A1", lambda s: s.camera == "missing")
    await page.evaluate(PLUG_IN)
    await watched.until_strip("recording", "true")
    await room.until_seat("A1", lambda s: s.camera == "working")
    assert await page.is_hidden("#trouble")

    # Recorded by a clock 90 s ahead, and stamped by the box's.
    first = min(watched.sent, key=lambda one: one.sequence)
    assert live_ms - CLOCK_OFF_MS < first.started_ms < live_ms + CLOCK_AHEAD_MS / 2

    # The computer slept and woke with another clock: measured anew, and stamped right again.
    before = int((await watched.strip())["recorded"])
    await page.evaluate("() => { window.wrongBy = -45_000; }")
    await watched.until_recorded(before + 3)
    await room.until_kept("A1", before + 3)
    last = max(watched.sent, key=lambda one: one.sequence)
    assert 4.0 < time.time() - last.started_ms / 1000 < 40.0


async def test_half_an_hour_without_a_network_loses_nothing(
    room: ExamRoom, open_page: OpenPage
) -> None:
    watched = await recording(room, open_page)
    await room.until_kept("A1", 1)
    body = b64encode(watched.sent[0].body).decode()
    first_ms = round(time.time() * 1000) - CUT_MINUTES * 60_000
    other = await watched.page.context.new_page()
    await other.goto(room.origin)
    await shown(other, "elsewhere")
    await room.act("A1", "break_start")  # so that nothing else goes into the spool meanwhile
    await watched.until_strip("recording", "false")
    last = await other.evaluate(FILL_SPOOL, [body, CUT_SNIPPETS, first_ms])
    assert last > CUT_SNIPPETS
    await watched.page.close()  # its tab is gone; the other takes over, with half an hour to send
    await shown(other, "room")
    await room.act("A1", "break_end")
    kept = await room.until_kept("A1", last)
    assert kept[:last] == list(range(1, last + 1))


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
@pytest.mark.parametrize(
    "cut_s",
    [
        0.0,
        pytest.param(
            CUT_MINUTES * 60.0,
            marks=[pytest.mark.soak, pytest.mark.timeout(CUT_MINUTES * 60 + 600)],
        ),
    ],
)
async def test_a_cable_pulled_out_in_mid_exam(
    room: ExamRoom, open_page: OpenPage, box: ServedBox, cut_s: float
) -> None:
    with CandidateNetwork(await asyncio.to_thread(box.doors)) as network:
        watched = await recording(room, open_page, network=network)
        await room.until_kept("A1", 1)
        network.cut()
        cut_at = int((await watched.strip())["recorded"])
        await asyncio.sleep(cut_s)
        await watched.until_recorded(cut_at + 1)
        strip = await watched.strip()
        network.mend()
        mended = time.monotonic()
        recorded, waiting = int(strip["recorded"]), int(strip["waiting"])
        assert waiting >= recorded - cut_at
        # The box's own word: the highest number below which none is missing.
        await watched.page.wait_for_function(
            "count => Number(document.getElementById('strip').dataset.acknowledged) >= count",
            arg=recorded,
            timeout=1000 * (60 + cut_s / 10),
        )
        print(
            f"cut for {cut_s:.0f} s: {recorded - cut_at} recorded meanwhile, {waiting} waited; "
            f"all acknowledged {time.monotonic() - mended:.1f} s after the cable was back"
        )
        # A line that cannot be opened is the browser's own complaint, and what was asked for.
        assert [one for one in watched.complaints if "WebSocket connection" not in one] == []
