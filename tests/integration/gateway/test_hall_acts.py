"""Acts for several, the ledger of breaks and seats that change, on a real box."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import check_message
from tests.support.box import PASSPHRASE, RealBox
from tests.support.box_api import BoxApi, Prepared

_ME = "/api/v1/attempts/me"


@pytest_asyncio.fixture
async def lead(box: RealBox) -> BoxApi:
    """Logged in anew for each test: some of them restart the box."""
    return await box.login()


async def _sit(box: RealBox, exam: Prepared, seat: str) -> tuple[BoxApi, str]:
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats[seat], PageKey())).json["attempt"]
    await page.check_in()
    return page, attempt


async def _seats(lead: BoxApi, exam: Prepared) -> dict[str, dict[str, Any]]:
    """By attempt."""
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        snapshot = await feed.receive_json(timeout=60)
        check_message("FeedMessage", snapshot)
    return {seat["attempt_id"]: seat for seat in snapshot["data"]["seats"]}


async def _only_in(box: RealBox, lead: BoxApi, exam: Prepared, hall: str) -> BoxApi:
    """An invigilator of one hall."""
    user = {
        "name": f"ivar-{exam.code}",
        "role": "invigilator",
        "passphrase": PASSPHRASE,
        "exams": [exam.exam],
        "halls": [hall],
    }
    await lead.ok("POST", "/api/v1/users", json=user)
    return await box.login(user["name"])  # type: ignore[arg-type]


def _acts(exam: Prepared, attempt: str = "") -> str:
    return f"/api/v1/exams/{exam.exam}" + (f"/attempts/{attempt}" if attempt else "") + "/acts"


async def test_a_message_reaches_a_row_and_waits_for_who_is_away(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    (here, _), (away, _), (elsewhere, _) = [await _sit(box, exam, s) for s in ("A1", "A2", "B1")]
    async with here.websocket(f"{_ME}/channel") as channel:
        body = {"to": {"hall": "Aula", "row": "A"}, "act": "message", "text": "Ten minutes left."}
        done = await lead.ok("POST", _acts(exam), json=body)
        assert (len(done["done"]), done["not_done"]) == (2, [])
        while (message := await channel.receive_json(timeout=60))["kind"] != "message":
            check_message("ChannelToPage", message)
    said = [[m["text"] for m in (await p.ok("GET", _ME))["messages"]] for p in (away, elsewhere)]
    assert said == [["Ten minutes left."], []]


async def test_extra_time_for_those_who_have_an_accommodation(lead: BoxApi, exam: Prepared) -> None:
    body = {"act": "extra_time", "minutes": 5, "reason": "late start"}
    done = await lead.ok("POST", _acts(exam), json=body | {"to": {"everybody": True}})
    assert len(done["done"]) == 3
    done = await lead.ok("POST", _acts(exam), json=body | {"to": {"accommodated": True}})
    assert len(done["done"]) == 1
    seats = (await _seats(lead, exam)).values()
    minutes = {s["seat"]: (s["extra_minutes"], s["roster_minutes"]) for s in seats}
    assert minutes == {"A1": (5, 0), "A2": (25, 15), "B1": (5, 0)}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"to": {}, "act": "message", "text": "x"}, 400),
        ({"to": {"everybody": True}, "act": "message", "text": ""}, 400),
        ({"to": {"everybody": True}, "act": "extra_time", "minutes": 5}, 400),
        ({"to": {"everybody": True}, "act": "end", "reason": "x"}, 400),
        ({"to": {"hall": "Nowhere"}, "act": "break_start"}, 400),
        ({"to": {"attempts": ["0" * 32]}, "act": "break_start"}, 400),
    ],
)
async def test_what_is_wrong_for_all_is_done_to_nobody(
    lead: BoxApi, exam: Prepared, body: dict[str, Any], status: int
) -> None:
    assert (await lead.ask("POST", _acts(exam), json=body)).status == status
    assert {s["extra_minutes"] for s in (await _seats(lead, exam)).values()} == {0, 15}


async def test_one_hall_s_invigilator_acts_in_that_hall_only(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    of = {s["seat"]: a for a, s in (await _seats(lead, exam)).items()}
    ivar = await _only_in(box, lead, exam, "Annex")
    body = {"act": "extra_time", "minutes": 5, "reason": "noise"}
    done = await ivar.ok("POST", _acts(exam), json=body | {"to": {"everybody": True}})
    assert done["done"] == [of["B1"]]
    named = body | {"to": {"attempts": [of["A1"], of["B1"]]}}
    assert (await ivar.ask("POST", _acts(exam), json=named)).status == 403
    moving = {"hall": "Aula", "seat": "C9", "reason": "heat"}
    path = f"/api/v1/exams/{exam.exam}/attempts/{of['B1']}/seat"
    assert (await ivar.ask("POST", path, json=moving)).status == 403
    seats = await _seats(lead, exam)
    assert [seats[of[s]]["extra_minutes"] for s in ("A1", "B1")] == [0, 5]


async def test_the_ledger_counts_breaks_also_over_a_kill(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    page, attempt = await _sit(box, exam, "A1")
    one = _acts(exam, attempt)
    await lead.ok("POST", one, json={"act": "break_start"})
    assert (await lead.ask("POST", one, json={"act": "break_start"})).status == 409
    assert (await page.ok("GET", _ME))["attempt_state"] == "on_break"
    await asyncio.sleep(0.02)
    seat = await lead.ok("POST", one, json={"act": "break_end"})
    assert seat["breaks"] == 1
    assert 20 <= seat["break_total_ms"] < 60_000
    await lead.ok("POST", one, json={"act": "break_start"})
    page_token = page.token
    await box.restart(signal.SIGKILL)
    lead = await box.login()
    again = (await _seats(lead, exam))[attempt]
    assert (again["breaks"], again["break_total_ms"]) == (2, seat["break_total_ms"])
    assert again["break_started_ms"] is not None
    page = box.api(page_token)
    await page.ok("POST", f"{_ME}/hand-in", json={"last_sequence": 0})
    assert (await _seats(lead, exam))[attempt]["break_total_ms"] > seat["break_total_ms"]


async def _next(feed: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await feed.receive_json(timeout=60)
        check_message("FeedMessage", message)
        if message["kind"] == kind:
            return message


async def test_seats_are_exchanged_and_halls_see_who_is_theirs(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    page, attempt = await _sit(box, exam, "A1")
    other, _ = await _sit(box, exam, "B1")
    ivar = await _only_in(box, lead, exam, "Annex")
    path = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/seat"
    async with ivar.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        before = await _next(feed, "snapshot")
        assert [s["seat"] for s in before["data"]["seats"]] == ["B1"]
        body = {"hall": "Annex", "seat": "b1", "reason": "the lamp flickers"}
        moved = await lead.ok("POST", path, json=body)
        assert {s["seat"] for s in moved["seats"]} == {"A1", "B1"}
        after = await _next(feed, "snapshot")
        assert [s["attempt_id"] for s in after["data"]["seats"]] == [attempt]
    places = [(s["hall"], s["seat"]) for s in [await p.ok("GET", _ME) for p in (page, other)]]
    assert places == [("Annex", "B1"), ("Aula", "A1")]
    free = await lead.ok("POST", path, json={"hall": "Aula", "seat": "C7", "reason": "more room"})
    assert [s["seat"] for s in free["seats"]] == ["C7"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"hall": "Aula", "seat": "A1", "reason": "x"}, 400),
        ({"hall": "Aula", "seat": "", "reason": "x"}, 400),
        ({"hall": "Aula", "seat": "A9", "reason": " "}, 400),
        ({"hall": "Cellar", "seat": "A9", "reason": "x"}, 404),
        ({"hall": "Aula", "seat": "A2", "reason": "x"}, 409),
    ],
)
async def test_seats_that_cannot_be_had(
    box: RealBox, lead: BoxApi, exam: Prepared, body: dict[str, str], status: int
) -> None:
    _, attempt = await _sit(box, exam, "A1")
    _, gone = await _sit(box, exam, "A2")
    await lead.ok("POST", _acts(exam, gone), json={"act": "end", "reason": "ill"})
    path = f"/api/v1/exams/{exam.exam}/attempts/{attempt}/seat"
    assert (await lead.ask("POST", path, json=body)).status == status
