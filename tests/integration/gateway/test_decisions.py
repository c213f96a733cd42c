"""A person's word on an incident, over HTTP: said, told, undone, written down first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId, ExamId, IncidentId
from appliance.core.observation import Incident
from appliance.rehearsal.page_key import PageKey
from tests.contract.store.samples import incident as sample
from tests.integration.gateway.contract import check_message
from tests.integration.gateway.test_access import person
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared


async def _incident(box: RealBox, exam: Prepared, seat: str = "A1", n: int = 1) -> Incident:
    joined = await box.api().join(exam.code, exam.seats[seat], PageKey())
    return await incident_at(box, exam, joined.json["attempt"], n)


async def incident_at(box: RealBox, exam: Prepared, attempt: str, n: int = 1) -> Incident:
    """As the watch writes it, without what a person adds."""
    found = replace(
        sample(n),
        incident_id=IncidentId(f"{attempt[:30]}{n:02x}"),
        exam_id=ExamId(exam.exam),
        attempt_id=AttemptId(attempt),
        decision=None,
        decided_by=None,
        decided_ms=None,
        category=None,
        note="",
    )
    await _put(box, found)
    return found


async def _put(box: RealBox, incident: Incident) -> None:
    stores = await asyncio.to_thread(open_stores, box.state)
    await stores.observations.put_incident(incident)
    await stores.close()


def _path(exam: Prepared, incident: Incident) -> str:
    return f"/api/v1/exams/{exam.exam}/incidents/{incident.incident_id}/decision"


async def test_said_told_and_undone(box: RealBox, lead: BoxApi, exam: Prepared) -> None:
    incident = await _incident(box, exam)
    word = {"decision": "dismissed", "category": "staff", "note": "En vakt gick förbi."}
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        await feed.receive_json(timeout=60)
        decided = await lead.ok("POST", _path(exam, incident), json=word)
        assert {key: decided[key] for key in word} == word
        assert decided["decided_by"]
        while (told := await feed.receive_json(timeout=60))["kind"] != "incident":
            pass
        check_message("FeedMessage", told)
        assert told["data"] == decided
    undone = await lead.ok("POST", _path(exam, incident), json={"decision": None})
    assert (undone["decision"], undone["decided_by"], undone["note"]) == (None, None, "")

    stores = await asyncio.to_thread(open_stores, box.state)
    kept = await stores.observations.incident(incident.incident_id)
    entries = [e for e in await stores.audit.entries() if e.about == incident.incident_id]
    await stores.close()
    assert kept == incident
    assert [(e.action, e.purpose) for e in entries] == [
        ("incident_decide", "dismissed"),
        ("incident_decide", "undone"),
    ]
    assert {entry.actor for entry in entries} == {decided["decided_by"]}


async def test_what_is_no_word_changes_nothing(box: RealBox, lead: BoxApi, exam: Prepared) -> None:
    incident = await _incident(box, exam)
    for word in (
        {"decision": "guilty"},
        {"decision": "confirmed", "category": "face"},
        {"decision": "confirmed", "note": "x" * 1_001},
        {"decision": "confirmed", "score": 1},
        {},
    ):
        assert (await lead.ask("POST", _path(exam, incident), json=word)).status == 400
    detail = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/attempts/{incident.attempt_id}")
    assert [i["decision"] for i in detail["incidents"]] == [None]


async def test_of_another_exam_or_withdrawn_there_is_none(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    incident = await _incident(box, exam)
    other = await box.new_exam(lead)
    word = {"decision": "confirmed"}
    assert (await lead.ask("POST", _path(other, incident), json=word)).status == 404
    unknown = replace(incident, incident_id=IncidentId("0" * 32))
    assert (await lead.ask("POST", _path(exam, unknown), json=word)).status == 404
    await _put(box, replace(incident, kinds=()))  # all of it became a hall event
    assert (await lead.ask("POST", _path(exam, incident), json=word)).status == 404
    detail = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/attempts/{incident.attempt_id}")
    assert detail["incidents"] == []


async def test_an_invigilator_decides_in_the_own_hall_only(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    mine, theirs = await _incident(box, exam, "A1", 1), await _incident(box, exam, "B1", 2)
    who = await person(box, lead, "invigilator", exams=[exam.exam], halls=["Aula"])
    word = {"decision": "confirmed", "category": "staff"}
    assert (await who.ask("POST", _path(exam, mine), json=word)).status == 200
    assert (await who.ask("POST", _path(exam, theirs), json=word)).status == 403
