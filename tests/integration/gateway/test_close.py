"""Closing: live views over a real relay end, nothing opens afterwards, late uploads are kept."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import aiohttp

from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId
from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import check_message
from tests.support.around_the_box import relays
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.stopwatch import Stopwatch
from tests.support.tiny_webm import tiny_webm

WITH_LIVE_VIEW = SETTINGS + "live_view = true\n"


async def _until(socket: aiohttp.ClientWebSocketResponse, kind: str, schema: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await socket.receive_json(timeout=60)
        check_message(schema, message)
        if message["kind"] == kind:
            return message


async def _sitting(box: RealBox, exam: Prepared, seat: str = "A1") -> tuple[BoxApi, str]:
    page = box.api()
    joined = await page.join(exam.code, exam.seats[seat], PageKey())
    await page.check_in()
    return page, str(joined.json["attempt"])


async def test_close_ends_a_live_view_within_two_seconds(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, WITH_LIVE_VIEW)
    page, attempt = await _sitting(box, exam)
    live = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/live"
    before = await asyncio.to_thread(relays, box)
    async with (
        page.websocket("/api/v1/attempts/me/channel") as channel,
        lead.websocket(live) as view,
    ):
        servers = await _until(view, "ice_servers", "LiveToConsole")
        urls = servers["ice_servers"][0]["urls"]
        assert all(url.startswith(("turn:127.0.0.1:", "turns:127.0.0.1:")) for url in urls)
        await view.send_json({"kind": "offer", "sdp": "v=0 offer"})
        offer = await _until(channel, "live_offer", "ChannelToPage")
        assert offer["sdp"] == "v=0 offer"
        assert offer["ice_servers"] != servers["ice_servers"] or offer["view"] == servers["view"]
        answer = {"kind": "live_answer", "view": offer["view"], "sdp": "v=0 answer"}
        await channel.send_json(answer)
        assert (await _until(view, "answer", "LiveToConsole"))["sdp"] == "v=0 answer"
        found = {"candidate": "candidate:1 1 udp 1 127.77.0.1 50000 typ relay", "sdpMid": "0"}
        ice = {"kind": "live_ice_candidate", "view": offer["view"], "candidate": found}
        await channel.send_json(ice)
        assert (await _until(view, "ice_candidate", "LiveToConsole"))["candidate"] == found
        assert (await page.ok("GET", "/api/v1/attempts/me"))["watchers"] == 1

        with Stopwatch() as watch:
            closing = asyncio.create_task(_close(lead, exam))
            ended = await _until(view, "ended", "LiveToConsole")
            await _until(channel, "live_end", "ChannelToPage")
            assert watch.seconds < 2
        assert "closed" in ended["reason"]
        report = await closing
    assert report["views_ended"] == 1
    assert report["views_ended_s"] < 2 + watch.lost_s  # by the box's own clock
    assert report["live_key_destroyed"] is True
    after = await asyncio.to_thread(relays, box)
    assert len(set(before) - set(after)) == 1  # other exams' go on
    left = await asyncio.to_thread(lambda: [p.name for p in (box.state / "run").glob("relay-*")])
    assert f"relay-{exam.exam}" not in left


async def test_a_relay_that_dies_ends_its_views_and_says_that_they_may_be_opened_again(
    box: RealBox, lead: BoxApi
) -> None:
    exam = await box.new_exam(lead, WITH_LIVE_VIEW)
    page, attempt = await _sitting(box, exam)
    async with (
        page.websocket("/api/v1/attempts/me/channel") as channel,
        lead.websocket(f"/api/v1/exams/{exam.exam}/attempts/{attempt}/live") as view,
    ):
        await _until(view, "ice_servers", "LiveToConsole")
        pid = box.state / "run" / f"relay-{exam.exam}" / "coturn.pid"
        os.kill(int(await asyncio.to_thread(pid.read_text)), signal.SIGKILL)
        ended = await _until(view, "ended", "LiveToConsole")
        assert (ended["reason"], ended["transient"]) == ("The relay of live views stopped.", True)
        await _until(channel, "live_end", "ChannelToPage")
    await _close(lead, exam)


async def test_a_live_view_ends_when_the_console_logs_out(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, WITH_LIVE_VIEW)
    page, attempt = await _sitting(box, exam)
    who = await box.login()
    async with (
        page.websocket("/api/v1/attempts/me/channel"),
        who.websocket(f"/api/v1/exams/{exam.exam}/attempts/{attempt}/live") as view,
    ):
        await _until(view, "ice_servers", "LiveToConsole")
        with Stopwatch() as watch:
            await who.ok("POST", "/api/v1/logout")
            await _until(view, "ended", "LiveToConsole")
            assert watch.seconds < 2
    await _close(lead, exam)


async def test_no_live_view_where_it_is_switched_off_or_nobody_is_there(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    _, attempt = await _sitting(box, exam)
    path = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/live"
    assert (await lead.ask("GET", path)).code == "live-view-off"
    seen = await box.new_exam(lead, WITH_LIVE_VIEW)
    page, attempt = await _sitting(box, seen)
    path = f"/api/v1/exams/{seen.exam}/attempts/{attempt}/live"
    away = await lead.ask("GET", path)
    assert (away.status, away.code) == (409, "page-not-connected")
    async with page.websocket("/api/v1/attempts/me/channel") as channel:
        await _until(channel, "status", "ChannelToPage")
        # Allowed, but what was asked for is no WebSocket: nobody looks, and the page says so.
        assert (await lead.ask("GET", path)).status == 400
        assert (await page.ok("GET", "/api/v1/attempts/me"))["watchers"] == 0
    await _close(lead, seen)
    await _close(lead, exam)


async def test_after_close_nothing_opens_and_late_footage_is_kept(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    page, attempt = await _sitting(box, exam)
    await page.upload(1, tiny_webm(1))
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        closing = asyncio.create_task(_close(lead, exam))
        states = []
        while (message := await feed.receive()).type is aiohttp.WSMsgType.TEXT:
            told = message.json()
            check_message("FeedMessage", told)
            if told["kind"] == "exam":
                states.append(told["data"]["state"])
        await closing
        assert states == ["closed"]
        assert feed.close_code == aiohttp.WSCloseCode.OK

    base = f"/api/v1/exams/{exam.exam}/attempts/{attempt}"
    for path in ("", "/thumbnail", "/portrait", "/snippets/1/film-strip", "/live"):
        refused = await lead.ask("GET", base + path)
        assert refused.status == 403
        assert "closed" in refused.json["detail"]
    assert not (box.state / "live" / exam.exam).exists()

    late = await page.upload(2, tiny_webm(2))
    assert (late.status, late.json["acknowledged"]) == (201, 2)
    again = await page.upload(2, tiny_webm(2))
    assert again.status == 201
    status = await page.ok("POST", "/api/v1/attempts/me/hand-in", json={"last_sequence": 2})
    assert (status["exam_state"], status["attempt_state"]) == ("closed", "handed_in")
    assert status["late_until_ms"] > status["server_ms"]


async def test_what_a_page_says_at_hand_in_is_kept(box: RealBox, lead: BoxApi) -> None:
    """Also by who was ended before; the highest that was told counts. The night reads it."""
    exam = await box.new_exam(lead)
    page, attempt = await _sitting(box, exam)
    assert (await page.upload(1, tiny_webm(1))).status == 201
    assert (await page.upload(2, tiny_webm(1)[:900])).status == 422
    act = {"act": "end", "reason": "Left the hall"}
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/attempts/{attempt}/acts", json=act)
    for last, said in ((2, 200), (1, 200), (-1, 400), (1_000_001, 400)):
        told = {"last_sequence": last}
        reply = await page.ask("POST", "/api/v1/attempts/me/hand-in", json=told)
        assert reply.status == said
    status = await page.ok("GET", "/api/v1/attempts/me")
    assert status["attempt_state"] == "ended"
    stores = await asyncio.to_thread(open_stores, box.state)
    row = await stores.attempts.get(AttemptId(attempt))
    refused = await stores.snippets.refused(AttemptId(attempt))
    await stores.close()
    assert (row.last_sequence, list(refused)) == (2, [2])
    await _close(lead, exam)


async def test_after_the_window_nothing_more_is_taken(box: RealBox, lead: BoxApi) -> None:
    settings = SETTINGS.replace("[retention]", "late_upload_minutes = 0\n[retention]")
    exam = await box.new_exam(lead, settings)
    page, _ = await _sitting(box, exam)
    await _close(lead, exam)
    reply = await page.upload(1, tiny_webm(1))
    assert (reply.status, reply.code) == (409, "too-late")


async def test_an_exam_without_recipients_does_not_open(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, to="ready")
    await asyncio.to_thread(box.install_recipients, ("reviewer",), 2)
    try:
        path = f"/api/v1/exams/{exam.exam}/state"
        refused = await lead.ask("POST", path, json={"to": "open"})
        assert (refused.status, refused.code) == (409, "no-recipients")
        assert "recovery" in refused.json["detail"]
    finally:
        everybody = ("reviewer", "recovery", "data_protection_officer")
        await asyncio.to_thread(box.install_recipients, everybody, 3)
    assert (await lead.ask("POST", path, json={"to": "open"})).status == 200


async def _close(lead: BoxApi, exam: Prepared) -> dict[str, Any]:
    path = f"/api/v1/exams/{exam.exam}/state"
    report: dict[str, Any] = await lead.ok("POST", path, json={"to": "closed"})
    return report
