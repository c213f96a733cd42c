"""The console feed over a real WebSocket: order, resuming, ends."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import check_message
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.stopwatch import Stopwatch
from tests.support.tiny_webm import tiny_webm


async def _next(feed: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await feed.receive_json(timeout=60)
        check_message("FeedMessage", message)
        if message["kind"] == kind:
            return message


async def test_what_happens_is_told_in_order(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        first = await _next(feed, "snapshot")
        assert first["data"]["exam"]["state"] == "live"
        await candidate.upload(1, tiny_webm(1))
        told = await _next(feed, "seat")
        assert told["seq"] > first["seq"]
        assert told["data"]["acknowledged"] == 1
        assert told["data"]["name"] == "Canary Testperson"
        async with candidate.websocket("/api/v1/attempts/me/channel") as page:
            check_message("ChannelToPage", await page.receive_json(timeout=60))
            await page.send_json({"kind": "hand", "raised": True})
            while not (await _next(feed, "seat"))["data"]["hand_raised"]:
                pass


async def test_a_hand_told_twice_is_raised_once(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    """A page tells a press again where its line died under it; meanwhile somebody came by."""
    mine = "/api/v1/attempts/me"
    attempt = (await candidate.ok("GET", mine))["attempt"]
    acts = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/acts"
    async with candidate.websocket(f"{mine}/channel") as page:

        async def press(number: int, *, raised: bool) -> dict[str, Any]:
            """The status after it was taken in, as the page asks for it."""
            message = {"kind": "hand", "raised": raised, "press": number}
            check_message("ChannelFromPage", message)
            await page.send_json(message)
            await page.send_json({"kind": "beat"})
            while (await page.receive_json(timeout=60))["kind"] != "beat":
                pass
            status: dict[str, Any] = await candidate.ok("GET", mine)
            return status

        def hand(status: dict[str, Any]) -> tuple[bool, int]:
            return status["hand_raised"], status["hand_presses"]

        assert hand(await press(1, raised=True)) == (True, 1)
        await lead.ok("POST", acts, json={"act": "hand_down"})
        assert hand(await press(1, raised=True)) == (False, 1)
        assert hand(await press(2, raised=True)) == (True, 2)
        assert hand(await press(3, raised=False)) == (False, 3)
        assert hand(await press(2, raised=True)) == (False, 3)  # late, from the line before
        for beyond in (0, 1_000_001):
            await page.send_json({"kind": "hand", "raised": True, "press": beyond})
        assert hand(await press(3, raised=True)) == (False, 3)


async def test_a_console_that_comes_back_gets_what_it_missed(
    lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    path = f"/api/v1/exams/{exam.exam}/feed"
    async with lead.websocket(path) as feed:
        seen = (await _next(feed, "snapshot"))["seq"]
    await candidate.upload(1, tiny_webm(1))
    await candidate.upload(2, tiny_webm(2))
    async with lead.websocket(f"{path}?after={seen}") as feed:
        missed = [await feed.receive_json(timeout=60)]
        while missed[-1]["kind"] != "seat" or missed[-1]["data"]["acknowledged"] < 2:
            missed.append(await feed.receive_json(timeout=60))
    assert "snapshot" not in [m["kind"] for m in missed]
    assert [m["data"]["acknowledged"] for m in missed if m["kind"] == "seat"] == [1, 2]
    numbers = [m["seq"] for m in missed]
    assert numbers == list(range(seen + 1, seen + 1 + len(missed)))


async def test_what_is_no_longer_at_hand_becomes_a_snapshot(lead: BoxApi, exam: Prepared) -> None:
    for after in ("0", "99999999999999999"):
        async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed?after={after}") as feed:
            assert (await feed.receive_json(timeout=60))["kind"] == "snapshot"


async def test_logging_out_ends_the_feed_within_two_seconds(box: RealBox, exam: Prepared) -> None:
    who = await box.login()
    async with who.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        await _next(feed, "snapshot")
        await who.ok("POST", "/api/v1/logout")
        with Stopwatch() as watch:
            while (await feed.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert watch.seconds < 2
        assert feed.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_acts_reach_the_page_and_the_seat(box: RealBox, lead: BoxApi, exam: Prepared) -> None:
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats["A2"], PageKey())).json["attempt"]
    await page.check_in()
    path = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/acts"
    before = (await page.ok("GET", "/api/v1/attempts/me"))["ends_ms"]
    async with page.websocket("/api/v1/attempts/me/channel") as channel:
        await lead.ok("POST", path, json={"act": "message", "text": "Ten minutes left."})
        while (message := await channel.receive_json(timeout=60))["kind"] != "message":
            check_message("ChannelToPage", message)
        assert message["text"] == "Ten minutes left."
        more = {"act": "extra_time", "minutes": 10, "reason": "power cut"}
        assert (await lead.ok("POST", path, json=more))["extra_minutes"] == 25
        while (message := await channel.receive_json(timeout=60))["ends_ms"] == before:
            pass
        assert message["ends_ms"] == before + 600_000
    assert (await lead.ok("POST", path, json={"act": "break_start"}))["state"] == "on_break"
    assert (await lead.ok("POST", path, json={"act": "break_end"}))["state"] == "recording"
    assert (await lead.ask("POST", path, json={"act": "break_end"})).status == 409
    assert (await lead.ask("POST", path, json={"act": "end"})).status == 400
    ended = await lead.ok("POST", path, json={"act": "end", "reason": "fell ill"})
    assert ended["state"] == "ended"


async def test_a_console_that_does_not_read_slows_nobody(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    """It gets a snapshot with the last state instead of the hundreds of messages between."""
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed", max_msg_size=0) as slow:
        await _next(slow, "snapshot")
        async with candidate.websocket("/api/v1/attempts/me/channel") as page:
            for number in range(400):
                await page.send_json({"kind": "hand", "raised": number % 2 == 0})
            async with asyncio.timeout(60):
                assert (await candidate.upload(1, tiny_webm(1))).status == 201
        # Everything unread is still in order, and ends with how it is now.
        last: dict[str, Any] = {}
        while last.get("acknowledged") != 1:
            last = (await _next(slow, "seat"))["data"]
