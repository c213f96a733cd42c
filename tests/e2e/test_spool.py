"""Nothing recorded is lost: over a cut network, a reload and a restart of the box; and what lies
on the candidate's disk meanwhile cannot be read."""

from __future__ import annotations

import asyncio
import contextlib
import time
from base64 import b64decode

from playwright.async_api import Error as PlaywrightError

from appliance.core.webm import check_and_strip
from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.support.browser import WatchedPage, watched_page
from tests.support.frame_numbers import numbers_in
from tests.support.stopwatch import Stopwatch

LOST_BY_A_CRASH_S = 1.6  # a piece is a second; the rest is the way to the test's own clock
# With name and length before each, as in every recording: too long to come up in what is sealed.
OF_A_RECORDING = (
    b"\x42\x82\x84webm",
    b"\x86\x85V_VP8",
    b"\x86\x86A_OPUS",
    b"\x4d\x80\x86Chrome",
    b"OpusHead",
)


async def recording(room: ExamRoom, open_page: OpenPage) -> WatchedPage:
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page()
    await watched.page.goto(room.urls["A1"])
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    await watched.until_recorded(1)
    return watched


async def test_a_network_cut_and_a_reload_lose_nothing(room: ExamRoom, open_page: OpenPage) -> None:
    watched = await recording(room, open_page)
    page, context = watched.page, watched.page.context
    await room.until_kept("A1", 1)

    await context.set_offline(True)
    before = int((await watched.strip())["recorded"])
    await watched.until_recorded(before + 2)
    strip = await watched.strip()
    assert int(strip["waiting"]) >= 2
    assert strip["recording"] == "true"
    await context.set_offline(False)
    # Reload with a full spool: sent by the page that comes after.
    await page.reload()
    await shown(page, "room")
    await watched.until_strip("recording", "true")
    recorded = int((await watched.strip())["recorded"])
    assert recorded >= before + 2
    await watched.until_recorded(recorded + 1)

    await page.click("#hand-in")
    await page.click("#hand-in-yes")
    await shown(page, "done")
    recorded = int((await watched.strip())["recorded"])
    assert await room.kept("A1") == list(range(1, recorded + 1))
    times = {one.sequence: one.started_ms for one in watched.sent}
    assert [times[n] for n in sorted(times)] == sorted(times.values()), "numbers do not follow time"


async def test_what_waits_is_sealed_and_its_keys_stay_in_the_browser(
    room: ExamRoom, open_page: OpenPage
) -> None:
    watched = await recording(room, open_page)
    await room.until_kept("A1", 1)
    await watched.page.context.set_offline(True)
    before = int((await watched.strip())["recorded"])
    await watched.until_recorded(before + 2)

    database = await watched.database()
    waiting = database["snippets"]
    assert len(waiting) >= 2
    in_the_clear = watched.sent[0].body
    assert all(mark in in_the_clear for mark in OF_A_RECORDING)
    for one in waiting:
        sealed = b64decode(one["sealed"]["bytes"])
        assert len(sealed) > 20_000
        assert not any(mark in sealed for mark in OF_A_RECORDING)
        assert len(b64decode(one["iv"]["bytes"])) == 12
    assert len({one["iv"]["bytes"] for one in waiting}) == len(waiting)
    keys = [key.get("privateKey", key) for key in database["keys"]]
    assert {key["key"] for key in keys} == {"secret", "private"}
    assert not any(key["extractable"] for key in keys)
    assert room.seat_codes["A1"].encode() not in repr(database).encode()

    # With the link down the page says how much is left, and finishes by itself afterwards.
    await watched.page.click("#hand-in")
    await watched.page.click("#hand-in-yes")
    await shown(watched.page, "sending")
    await watched.page.wait_for_function(
        "() => /parts? still to be sent/.test(document.getElementById('sending-left').textContent)"
    )
    await watched.page.wait_for_selector("#sending-problem:not([hidden])")
    await watched.page.context.set_offline(False)
    await shown(watched.page, "done")
    recorded = int((await watched.strip())["recorded"])
    assert await room.kept("A1") == list(range(1, recorded + 1))
    assert await watched.database() == {"facts": [], "keys": [], "snippets": [], "drafts": []}


async def test_a_snippet_the_box_will_never_take_does_not_hold_up_the_others(
    room: ExamRoom, open_page: OpenPage
) -> None:
    watched = await recording(room, open_page)
    await watched.page.context.set_offline(True)
    before = int((await watched.strip())["recorded"])
    await watched.until_recorded(before + 2)
    strip = await watched.strip()
    bad = int(strip["recorded"]) - int(strip["waiting"]) + 1  # the oldest that waits

    async def damage(route, request) -> None:  # type: ignore[no-untyped-def]
        await route.continue_(post_data=b"not a recording" + request.post_data_buffer)

    await watched.page.route(f"**/snippets/{bad}", damage)
    await watched.page.context.set_offline(False)
    await watched.page.wait_for_function(
        "() => document.getElementById('strip').dataset.givenUp === '1'"
    )
    await room.until_kept("A1", before + 1)
    await asyncio.sleep(0)
    kept = await room.kept("A1")
    assert bad not in kept
    assert bad + 1 in kept
    assert "could not be used" in await watched.page.inner_text("#trouble-text")


async def test_a_crash_loses_a_second_of_the_snippet_in_the_making_and_no_more(
    room: ExamRoom, open_page: OpenPage
) -> None:
    watched = await recording(room, open_page)
    await room.until_kept("A1", 1)
    page = watched.page
    recorded = int((await watched.strip())["recorded"])
    await watched.until_recorded(recorded + 1)
    with Stopwatch() as watch:
        await asyncio.sleep(3.5)  # into the next one
        crashed_ms = time.time() * 1000
        with contextlib.suppress(PlaywrightError):
            await page.goto("chrome://crash")

    again = await watched_page(page.context, room.origin)
    await again.page.goto(room.origin)
    await shown(again.page, "room")
    await again.until_strip("recording", "true")
    await room.until_kept("A1", recorded + 3)
    cut = max(
        (one for one in again.sent if one.started_ms < crashed_ms), key=lambda s: s.started_ms
    )
    stripped = check_and_strip(cut.body)
    assert stripped.key_frames >= 2
    lost_s = (crashed_ms - cut.started_ms) / 1000 - stripped.duration_s
    assert lost_s < LOST_BY_A_CRASH_S + watch.lost_s, f"{lost_s:.2f} s of the snippet were lost"
    pictures = [number for _, number in numbers_in(cut.body)]
    assert pictures == sorted(pictures), "the rest of a snippet does not play"
    await again.page.click("#hand-in")
    await again.page.click("#hand-in-yes")
    await shown(again.page, "done")
    assert (await again.database())["drafts"] == []
