"""Who has seen an incident, person by person; and a hall that only its own network may join."""

from __future__ import annotations

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import check_message
from tests.integration.gateway.test_access import person
from tests.integration.gateway.test_decisions import _incident
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared


async def test_seen_is_each_persons_own_and_told_to_all(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    incident = await _incident(box, exam)
    other = await person(box, lead, "invigilator", exams=[exam.exam])
    elsewhere = await person(box, lead, "invigilator", exams=[exam.exam], halls=["Annex"])
    base = f"/api/v1/exams/{exam.exam}"
    path = f"{base}/incidents/{incident.incident_id}/seen"
    async with lead.websocket(f"{base}/feed") as feed:
        snapshot = await feed.receive_json(timeout=60)
        assert snapshot["data"]["seen"] == []
        first = await other.ok("POST", path, json={})
        assert len(first["users"]) == 1
        both = await lead.ok("POST", path, json={})
        assert len(both["users"]) == 2
        assert await lead.ok("POST", path, json={}) == both  # once is enough
        told: list[object] = []
        while len(told) < 2:
            message = await feed.receive_json(timeout=60)
            check_message("FeedMessage", message)
            if message["kind"] == "seen":
                told.append(message["data"])
        assert told == [first, both]
    assert (await elsewhere.ask("POST", path, json={})).status == 403
    async with other.websocket(f"{base}/feed") as feed:  # whoever comes later finds it
        snapshot = await feed.receive_json(timeout=60)
        assert snapshot["data"]["seen"] == [both]
    decided = [i for i in snapshot["data"]["incidents"] if i["decision"]]
    assert decided == []  # looking decides nothing


async def test_a_hall_lets_only_its_own_network_join(box: RealBox, exam: Prepared) -> None:
    path = box.state / "box.toml"
    before = path.read_text()
    halls = '[halls]\nAula = ["10.20.0.0/16"]\nAnnex = ["10.30.0.0/16", "127.0.0.0/8"]\n'
    assert "[halls]\n" in before
    path.write_text(before.replace("[halls]\n", halls))
    await box.restart()
    lead = await box.login()
    strict = SETTINGS + "\n[join]\nhall_network = true\n"
    here = await box.new_exam(lead, strict, to="open")
    page = box.api()
    refused = await page.join(here.code, here.seats["A1"], PageKey())
    assert (refused.status, refused.code) == (403, "not-in-hall")
    assert "not on the hall's network" in refused.json["detail"]
    assert (await page.join(here.code, here.seats["B1"], PageKey())).status == 201
    relaxed = await box.new_exam(lead, SETTINGS, to="open")
    assert (await box.api().join(relaxed.code, relaxed.seats["A1"], PageKey())).status == 201
