"""Two people at two consoles see the same, within a second; and what is open at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import check_message, document
from tests.integration.gateway.test_decisions import incident_at
from tests.support.box import PASSPHRASE, SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.starting import go
from tests.support.stopwatch import Stopwatch
from tests.support.tiny_webm import tiny_webm

WITHIN_S = 1.0
NOTHING: Mapping[str, Any] = {}
_ME = "/api/v1/attempts/me"


@pytest_asyncio.fixture
async def lead(box: RealBox) -> BoxApi:
    """Logged in anew for each test: some of them restart the box."""
    return await box.login()


def _acts_of(schema: str) -> set[str]:
    """Every act the contract has, so that a new one is shown here too."""
    return set(document()["components"]["schemas"][schema]["properties"]["act"]["enum"])


async def _next(
    feed: aiohttp.ClientWebSocketResponse, kind: str, shows: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """The next message of this kind with these values in it."""
    while True:
        message: dict[str, Any] = await feed.receive_json(timeout=60)
        check_message("FeedMessage", message)
        if message["kind"] == kind and shows.items() <= message["data"].items():
            return message


async def _invigilator(
    box: RealBox, lead: BoxApi, exam: Prepared, name: str, halls: list[str] | None = None
) -> BoxApi:
    user = {
        "name": f"{name}-{exam.code}", "role": "invigilator", "passphrase": PASSPHRASE,
        "exams": [exam.exam], "halls": halls,
    }  # fmt: skip
    await lead.ok("POST", "/api/v1/users", json=user)
    return await box.login(str(user["name"]))


async def _sit(box: RealBox, exam: Prepared, seat: str) -> tuple[BoxApi, str]:
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats[seat], PageKey())).json["attempt"]
    await page.check_in()
    return page, attempt


async def _refused_at_the_door(box: RealBox, exam: Prepared, seat: str, code: str) -> None:
    """Another computer, or one that comes late: it waits for a person's word."""
    assert (await box.api().join(exam.code, exam.seats[seat], PageKey())).code == code


async def test_what_one_does_the_other_sees_within_a_second(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, f"{SETTINGS}\n[join]\nlate_minutes = 0\n", to="open")
    base = f"/api/v1/exams/{exam.exam}"
    (candidate, one), (_, two) = [await _sit(box, exam, seat) for seat in ("A1", "A2")]
    await go(lead, exam.exam, "live")
    await _refused_at_the_door(box, exam, "B1", "late-admission")
    for seat in ("A1", "A2"):
        await _refused_at_the_door(box, exam, seat, "seat-taken")
    incident = f"{base}/incidents/{(await incident_at(box, exam, one)).incident_id}"
    other = await _invigilator(box, lead, exam, "bo")
    async with (
        lead.websocket(f"{base}/feed") as mine,
        other.websocket(f"{base}/feed") as theirs,
        candidate.websocket(f"{_ME}/channel") as page,
    ):
        snapshots = [await _next(feed, "snapshot") for feed in (mine, theirs)]
        [three] = {s["attempt_id"] for s in snapshots[0]["data"]["seats"]} - {one, two}
        at_one, at_two, at_three = [{"attempt_id": attempt} for attempt in (one, two, three)]
        acts, to_two, to_three = [f"{base}/attempts/{a}/acts" for a in (one, two, three)]
        group = {"to": {"hall": "Aula"}}
        does: list[tuple[str, str, Any, str, dict[str, Any]]] = [
            ("POST", to_three, {"act": "admit_late", "reason": "bus"}, "seat",
             at_three | {"late_asked": False}),
            ("POST", acts, {"act": "takeover_approve"}, "seat", at_one | {"takeover_asked": False}),
            ("POST", to_two, {"act": "release_seat"}, "seat", at_two | {"takeover_asked": False}),
            ("POST", acts, {"act": "break_start"}, "seat", at_one | {"state": "on_break"}),
            ("POST", acts, {"act": "break_end"}, "seat", at_one | {"state": "recording"}),
            ("POST", acts, {"act": "extra_time", "minutes": 10, "reason": "fire alarm"}, "seat",
             at_one | {"extra_minutes": 10}),
            ("POST", acts, {"act": "identity_checked"}, "seat",
             at_one | {"identity_checked_by_hand": True}),
            ("POST", acts, {"act": "hand_down"}, "seat", at_one | {"hand_raised": False}),
            ("POST", acts, {"act": "seat_watched", "reason": "lens"}, "seat",
             at_one | {"camera": "watched"}),
            ("POST", acts, {"act": "camera_again"}, "seat", at_one | {"camera": "working"}),
            ("POST", acts, {"act": "message", "text": "Ta av mössan"}, "notice",
             at_one | {"text": "To the candidate: Ta av mössan"}),
            ("POST", f"{base}/acts", {"act": "message", "text": "Hej", "to": {"everybody": True}},
             "notice", {"text": "A message went to 3 candidates.", "attempt_id": None}),
            ("POST", f"{base}/acts", group | {"act": "break_start"}, "seat",
             at_two | {"state": "on_break"}),
            ("POST", f"{base}/acts", group | {"act": "break_end"}, "seat",
             at_two | {"state": "recording"}),
            ("POST", f"{base}/acts", group | {"act": "extra_time", "minutes": 5, "reason": "alarm"},
             "seat", at_two | {"extra_minutes": 20}),
            ("POST", f"{base}/attempts/{one}/seat", {"hall": "Aula", "seat": "A2", "reason": "sun"},
             "seat", at_two | {"seat": "A1"}),
            ("POST", f"{incident}/seen", None, "seen", {}),
            ("POST", f"{incident}/decision", {"decision": "confirmed", "category": "candidate"},
             "incident", {"decision": "confirmed"}),
            ("POST", f"{incident}/decision", {"decision": None}, "incident", {"decision": None}),
            ("POST", f"{base}/shift-notes", {"text": "A1 feels ill", "hall": "Aula"}, "shift_note",
             {"text": "A1 feels ill"}),
            ("PUT", f"{base}/duty", {"halls": ["Aula"]}, "duty", {}),
            ("DELETE", f"{base}/duty", None, "duty", {"on_duty": []}),
            ("POST", acts, {"act": "end", "reason": "ill"}, "seat", at_one | {"state": "ended"}),
        ]  # fmt: skip
        done = [
            (path == f"{base}/acts", body["act"]) for _, path, body, *_ in does if "acts" in path
        ]
        assert {act for to_several, act in done if not to_several} == _acts_of("Act")
        assert {act for to_several, act in done if to_several} == _acts_of("GroupAct")

        await page.send_json({"kind": "hand", "raised": True})
        for feed in (mine, theirs):
            await _next(feed, "seat", {"hand_raised": True})
        for method, path, body, kind, shows in does:
            with Stopwatch() as watch:
                await lead.ok(method, path, json=body)
                told = [await _next(feed, kind, shows) for feed in (mine, theirs)]
                assert watch.seconds < WITHIN_S, shows
            assert told[0] == told[1]


async def test_the_next_person_finds_notes_and_who_is_on_duty(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    base = f"/api/v1/exams/{exam.exam}"
    await lead.ok("POST", f"{base}/shift-notes", json={"text": "the clock is slow"})
    await lead.ok("POST", f"{base}/shift-notes", json={"text": "B1 may leave", "hall": "Annex"})
    await lead.ok("PUT", f"{base}/duty", json={"halls": ["Annex"]})
    ivar = await _invigilator(box, lead, exam, "ivar", ["Aula"])
    assert (await ivar.ok("PUT", f"{base}/duty", json={}))["on_duty"][-1]["halls"] == ["Aula"]
    await box.restart()
    ivar = await box.login(f"ivar-{exam.code}")
    async with ivar.websocket(f"{base}/feed") as feed:
        found = (await _next(feed, "snapshot"))["data"]
    assert [n["text"] for n in found["shift_notes"]] == ["the clock is slow"]
    assert [d["halls"] for d in found["duty"]["on_duty"]] == [["Annex"], ["Aula"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "shift-notes", {"text": " "}, 400),
        ("POST", "shift-notes", {"text": "x", "hall": "Cellar"}, 404),
        ("POST", "shift-notes", {"text": "x", "hall": "Annex"}, 403),
        ("PUT", "duty", {"halls": ["Annex"]}, 403),
        ("POST", f"incidents/{'0' * 32}/seen", None, 404),
    ],
)
async def test_what_is_refused(
    box: RealBox, lead: BoxApi, exam: Prepared, method: str, path: str, body: Any, status: int
) -> None:
    ivar = await _invigilator(box, lead, exam, "ivar", ["Aula"])
    reply = await ivar.ask(method, f"/api/v1/exams/{exam.exam}/{path}", json=body)
    assert reply.status == status


async def test_open_seats_before_the_close_and_what_comes_after_it(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    path = f"/api/v1/exams/{exam.exam}/close-out"
    late = box.api()
    await late.join(exam.code, exam.seats["B1"], PageKey())
    await late.check_in()
    for number in (1, 3):
        await candidate.upload(number, tiny_webm(number))
    async with late.websocket(f"{_ME}/channel") as channel:
        await channel.send_json({"kind": "spool", "waiting": 7})
        async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
            snapshot = (await _next(feed, "snapshot"))["data"]
            while not any(s["spool"] == 7 for s in snapshot["seats"]):
                snapshot = {"seats": [(await _next(feed, "seat"))["data"]]}
        before = {s["seat"]: s for s in (await lead.ok("GET", path))["open_seats"]}
    assert {seat: s["why"] for seat, s in before.items()} == {
        "A1": "writing",
        "B1": "writing",
        "A2": "not_here",
    }
    assert (before["A1"]["arrived"], before["A1"]["missing"]) == (2, 1)
    assert before["B1"]["waiting"] == 7
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    await candidate.ok("POST", f"{_ME}/hand-in", json={"last_sequence": 4})
    after = await lead.ok("GET", path)
    assert after["late_until_ms"] > 0
    open_now = {s["seat"]: (s["why"], s["missing"]) for s in after["open_seats"]}
    assert open_now["A1"] == ("sending", 2)
    for number in (2, 4):
        assert (await candidate.upload(number, tiny_webm(number))).status == 201
    after = await lead.ok("GET", path)
    assert "A1" not in {s["seat"] for s in after["open_seats"]}
    assert after["done"] == 1
