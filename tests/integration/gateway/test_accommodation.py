"""Single detectors off for one candidate, over HTTP: who may, what is told and what is kept."""

from __future__ import annotations

from tests.integration.gateway.test_access import person
from tests.support.box import RealBox
from tests.support.box_api import BoxApi

ROSTER = (
    "name,number,seat,hall,detectors_off\n"
    "Canary Testperson,1001,A1,Aula,head\nZebra Testperson,1002,A2,Aula,\n"
)


async def test_from_the_roster_and_by_a_lead_and_by_nobody_else(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, roster=ROSTER)
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        snapshot = (await feed.receive_json(timeout=60))["data"]
    seats = {seat["seat"]: seat for seat in snapshot["seats"]}
    assert seats["A1"]["switched_off"] == ["head_pose"]
    assert seats["A2"]["switched_off"] == []
    path = f"/api/v1/exams/{exam.exam}/attempts/{seats['A2']['attempt_id']}/accommodation"
    wanted = {"switched_off": ["sound"], "reason": "A screen reader speaks."}

    invigilator = await person(box, lead, "invigilator", exams=[exam.exam])
    assert (await invigilator.ask("PUT", path, json=wanted)).status == 403
    without = await lead.ask("PUT", path, json=wanted | {"reason": " "})
    assert without.status == 400
    unknown = await lead.ask("PUT", path, json=wanted | {"switched_off": ["mood"]})
    assert (unknown.status, unknown.code) == (400, "unknown-detector")

    assert (await lead.ok("PUT", path, json=wanted))["switched_off"] == ["sound_presence"]
    back = await lead.ok("PUT", path, json=wanted | {"switched_off": []})
    assert back["switched_off"] == []
