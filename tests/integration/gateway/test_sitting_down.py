"""The hall's code, coming late, and a seat that moves to another computer."""

from __future__ import annotations

import aiohttp
import pytest

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import check_message
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared, Reply
from tests.support.tiny_webm import tiny_webm

_ME = "/api/v1/attempts/me"


async def _join(page: BoxApi, exam: Prepared, seat: str, key: PageKey, **codes: str) -> Reply:
    nonce = (await page.ok("POST", "/api/v1/join/challenge"))["nonce"]
    body = {
        "exam_code": exam.code,
        "seat_code": exam.seats[seat],
        "nonce": nonce,
        "public_key": key.public(),
        "signature": key.sign_join(exam.code, exam.seats[seat], nonce),
    }
    reply = await page.ask("POST", "/api/v1/join", json=body | codes)
    if reply.status == 201:
        page.token = reply.json["token"]
    return reply


def _acts(exam: Prepared, attempt: str) -> str:
    return f"/api/v1/exams/{exam.exam}/attempts/{attempt}/acts"


async def test_the_code_of_the_hall_is_asked_for_once(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, SETTINGS + "\n[join]\nhall_code = true\n", to="open")
    shown = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/hall-codes")
    codes = {c["hall"]: c["code"] for c in shown["codes"]}
    assert shown["needed"] is True
    assert set(codes) == {"Aula", "Annex"}
    assert codes["Aula"] != codes["Annex"]
    page, key = box.api(), PageKey()
    assert (await _join(page, exam, "A1", key)).code == "hall-code-missing"
    assert (await _join(page, exam, "A1", key, hall_code=codes["Annex"])).code == "hall-code-wrong"
    typed = f" {codes['Aula'][:2]} {codes['Aula'][2:]}"
    assert (await _join(page, exam, "A1", key, hall_code=typed)).status == 201
    assert (await _join(page, exam, "A1", key)).status == 201  # it comes back


async def test_without_the_setting_no_code_is_shown(lead: BoxApi, exam: Prepared) -> None:
    shown = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/hall-codes")
    assert shown == {"needed": False, "codes": []}


async def _until(feed: aiohttp.ClientWebSocketResponse, field: str) -> None:
    while True:
        message = await feed.receive_json(timeout=60)
        check_message("FeedMessage", message)
        if message["kind"] == "seat" and message["data"][field]:
            return


async def test_who_comes_late_is_let_in_by_a_person(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, SETTINGS + "\n[join]\nlate_minutes = 0\n")
    page, key = box.api(), PageKey()
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        attempt = next(
            s["attempt_id"]
            for s in (await feed.receive_json())["data"]["seats"]
            if s["seat"] == "A1"
        )
        late = await _join(page, exam, "A1", key)
        assert (late.status, late.code) == (403, "late-admission")
        await _until(feed, "late_asked")
    unsaid = await lead.ask("POST", _acts(exam, attempt), json={"act": "admit_late"})
    assert unsaid.status == 400
    body = {"act": "admit_late", "reason": "bus was late"}
    seat = await lead.ok("POST", _acts(exam, attempt), json=body)
    assert (seat["late_asked"], seat["admitted_late_ms"] > 0) == (False, True)
    assert (await _join(page, exam, "A1", key)).status == 201
    again = await lead.ask("POST", _acts(exam, attempt), json=body)
    assert again.status == 409


@pytest.mark.parametrize("by_code", [True, False])
async def test_a_spare_computer_takes_over_and_nothing_is_lost(
    box: RealBox, lead: BoxApi, exam: Prepared, by_code: bool
) -> None:
    old, spare, stranger = box.api(), box.api(), box.api()
    new_key = PageKey()
    attempt = (await old.join(exam.code, exam.seats["A1"], PageKey())).json["attempt"]
    await old.check_in()
    for number in (1, 2, 4):
        assert (await old.upload(number, tiny_webm(number))).status == 201
    async with old.websocket(f"{_ME}/channel") as channel:
        assert (await _join(spare, exam, "A1", new_key)).code == "seat-taken"
        if by_code:
            code = (await lead.ok("POST", _acts(exam, attempt)[:-4] + "takeover-code"))["code"]
            joined = await _join(spare, exam, "A1", new_key, takeover_code=code)
        else:
            seat = await lead.ok("POST", _acts(exam, attempt), json={"act": "takeover_approve"})
            assert seat["takeover_asked"] is False
            assert (await _join(stranger, exam, "A1", PageKey())).code == "seat-taken"
            joined = await _join(spare, exam, "A1", new_key)
        assert joined.status == 201
        assert joined.json["status"]["next_sequence"] == 5
        while (message := await channel.receive_json(timeout=60))["kind"] != "taken_over":
            check_message("ChannelToPage", message)
        check_message("ChannelToPage", message)
    gone = await old.ask("GET", _ME)
    assert (gone.status, gone.code) == (401, "taken-over")
    assert (await old.ask("POST", f"{_ME}/hand-in", json={"last_sequence": 4})).status == 401
    assert (await spare.upload(5, tiny_webm(5))).status == 201
    # What the old computer still had arrives; only the number that both used has to change.
    assert (await old.upload(3, tiny_webm(3))).status == 201
    clash = await old.upload(5, tiny_webm(99))
    assert (clash.status, clash.code) == (409, "other-digest")
    assert (await old.upload(6, tiny_webm(99))).json["acknowledged"] == 6


async def test_nobody_waits_nobody_is_let_in(lead: BoxApi, exam: Prepared, box: RealBox) -> None:
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats["A1"], PageKey())).json["attempt"]
    refused = await lead.ask("POST", _acts(exam, attempt), json={"act": "takeover_approve"})
    assert refused.status == 409


async def test_a_person_watches_in_place_of_a_camera(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    attempt = (await candidate.ok("GET", _ME))["attempt"]
    acts = _acts(exam, attempt)
    assert (await lead.ask("POST", acts, json={"act": "seat_watched"})).status == 400
    body = {"act": "seat_watched", "reason": "the lens is broken"}
    assert (await lead.ok("POST", acts, json=body))["camera"] == "watched"
    assert (await candidate.ok("GET", _ME))["camera"] == "watched"
    assert (await lead.ok("POST", acts, json={"act": "camera_again"}))["camera"] == "working"
    assert (await lead.ask("POST", acts, json={"act": "camera_again"})).status == 409
