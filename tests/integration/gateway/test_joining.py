"""Sitting down: codes, keys, nonces, and two computers on one seat."""

from __future__ import annotations

import asyncio
import itertools

from appliance.rehearsal.page_key import PageKey
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared


async def test_wrong_codes_say_the_same_whichever_is_wrong(box: RealBox, exam: Prepared) -> None:
    page = box.api()
    for codes in (("ZZZZZZ", exam.seats["A1"]), (exam.code, "ZZZZZZZZ")):
        reply = await page.join(*codes, PageKey())
        assert (reply.status, reply.code) == (404, "wrong-code")


async def test_codes_may_be_typed_as_people_type(box: RealBox, exam: Prepared) -> None:
    seat = exam.seats["A1"].lower()
    reply = await box.api().join(f" {exam.code.lower()}", f"{seat[:4]}-{seat[4:]}", PageKey())
    assert reply.status == 201
    assert reply.json["seat"] == "A1"
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-hallvakt-attempt=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_a_captured_join_cannot_be_replayed(box: RealBox, exam: Prepared) -> None:
    page, key = box.api(), PageKey()
    nonce = (await page.ok("POST", "/api/v1/join/challenge"))["nonce"]
    first = await page.join_with(exam.code, exam.seats["A1"], key, nonce)
    assert first.status == 201
    again = await page.join_with(exam.code, exam.seats["A1"], key, nonce)
    assert (again.status, again.code) == (403, "bad-nonce")


async def test_a_signature_of_another_key_or_text_is_refused(box: RealBox, exam: Prepared) -> None:
    page, mine, other = box.api(), PageKey(), PageKey()
    for signature_of, signed_seat in ((other, exam.seats["A1"]), (mine, exam.seats["A2"])):
        nonce = (await page.ok("POST", "/api/v1/join/challenge"))["nonce"]
        reply = await page.ask(
            "POST",
            "/api/v1/join",
            json={
                "exam_code": exam.code,
                "seat_code": exam.seats["A1"],
                "nonce": nonce,
                "public_key": mine.public(),
                "signature": signature_of.sign_join(exam.code, signed_seat, nonce),
            },
        )
        assert (reply.status, reply.code) == (400, "bad-proof")


async def test_the_same_key_gets_the_same_attempt_and_a_new_token(
    box: RealBox, exam: Prepared
) -> None:
    page, key = box.api(), PageKey()
    first = (await page.join(exam.code, exam.seats["A1"], key)).json
    old_token = page.token
    second = (await page.join(exam.code, exam.seats["A1"], key)).json
    assert second["attempt"] == first["attempt"]
    assert second["token"] != first["token"]
    gone = await box.api(old_token).ask("GET", "/api/v1/attempts/me")
    assert (gone.status, gone.code) == (401, "not-joined")


async def test_a_second_computer_is_refused_told_and_let_in_by_an_invigilator(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    attempt = (await candidate.ok("GET", "/api/v1/attempts/me"))["attempt"]
    path = f"/api/v1/exams/{exam.exam}/attempts/{attempt}"
    other, new_key = box.api(), PageKey()
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        assert (await feed.receive_json(timeout=60))["kind"] == "snapshot"
        refused = await other.join(exam.code, exam.seats["A1"], new_key)
        assert (refused.status, refused.code) == (409, "seat-taken")
        told = set[str]()
        while not {"seat", "notice"} <= told:  # beside how the box is, on a busy machine
            told.add((await feed.receive_json(timeout=60))["kind"])
    assert (await lead.ok("GET", path))["seat"]["takeover_asked"] is True

    await lead.ok("POST", f"{path}/acts", json={"act": "release_seat"})
    gone = await candidate.ask("GET", "/api/v1/attempts/me")
    assert (gone.status, gone.code) == (401, "taken-over")
    joined = await other.join(exam.code, exam.seats["A1"], new_key)
    assert joined.status == 201
    assert joined.json["attempt"] == attempt
    assert (await lead.ok("GET", path))["seat"]["takeover_asked"] is False


async def test_nobody_joins_before_the_exam_is_open(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, to="ready")
    reply = await box.api().join(exam.code, exam.seats["A1"], PageKey())
    assert (reply.status, reply.code) == (409, "exam-not-open")


async def test_new_slips_end_the_old_codes(box: RealBox, lead: BoxApi, exam: Prepared) -> None:
    slips = (await lead.ok("GET", f"/api/v1/exams/{exam.exam}/slips"))["slips"]
    new = {slip["seat"]: slip["seat_code"] for slip in slips}
    assert (await box.api().join(exam.code, exam.seats["A2"], PageKey())).code == "wrong-code"
    assert (await box.api().join(exam.code, new["A2"], PageKey())).status == 201


async def test_a_page_of_another_site_gets_nothing(box: RealBox, candidate: BoxApi) -> None:
    elsewhere = {"Origin": "https://evil.example"}
    reply = await candidate.ask("GET", "/api/v1/attempts/me", headers=elsewhere)
    assert (reply.status, reply.code) == (403, "other-origin")
    own = {"Origin": box.origin, "Host": f"127.0.0.1:{box.port}"}
    assert (await candidate.ask("GET", "/api/v1/attempts/me", headers=own)).status == 200


async def test_guessing_seat_codes_is_slowed_down(box: RealBox, exam: Prepared) -> None:
    page = box.api()
    replies = [await page.join(exam.code, "ZZZZ2222", PageKey()) for _ in range(12)]
    assert replies[-1].code == "throttled"
    assert int(replies[-1].headers["Retry-After"]) >= 1


async def test_wrong_tries_of_one_computer_keep_nobody_behind_its_address_out(
    box: RealBox, exam: Prepared
) -> None:
    """All of a school may come from one address, as everything here does."""
    other, key = box.api(), PageKey()
    numbers, said = itertools.count(), {"bad-nonce"}
    async with asyncio.timeout(60):
        while "throttled" not in said:  # each time another seat: one seat has a bucket of its own
            said = {(await other.join_with(exam.code, f"Z{next(numbers):07}", key, "x")).code}
            assert said <= {"bad-nonce", "throttled"}
    assert (await box.api().join(exam.code, exam.seats["A1"], PageKey())).status == 201
