"""The gate on a real box: a real relay, the real certificate, and a disk that is too small."""

from __future__ import annotations

import asyncio

from appliance.adapters.store.reading import read_audit
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.starting import go

_LIVE = SETTINGS.replace("video_snippets = true", "video_snippets = true\nlive_view = true")
# More than any disk holds: 24 hours at a petabit.
_TOO_MUCH = SETTINGS + "\n[capture]\nvideo_bits_per_second = 1000000000000000\n"


async def test_all_is_looked_at_and_a_packet_goes_through_the_exam_s_own_relay(
    box: RealBox, lead: BoxApi
) -> None:
    exam = await box.new_exam(lead, _LIVE, to="ready")
    path = f"/api/v1/exams/{exam.exam}/start-gate"
    before = await lead.ok("GET", path)
    assert not any(c["status"] == "fail" for c in before["checks"])
    assert {c["name"] for c in before["checks"]} == {
        "roster", "halls", "disk", "clock", "certificate", "models", "media workers", "relay",
        "backlog", "night", "pepper",
    }  # fmt: skip
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "open"})
    found = {c["name"]: c for c in (await lead.ok("GET", path))["checks"]}
    assert found["relay"]["status"] == "ok"
    assert "came through the exam's own relay" in found["relay"]["detail"]
    assert found["roster"]["detail"].startswith("3 candidates")
    await go(lead, exam.exam, "live")
    over = await lead.ask("GET", path)
    assert over.status == 403


async def test_what_fails_stops_the_start_until_somebody_says_why(
    box: RealBox, lead: BoxApi
) -> None:
    exam = await box.new_exam(lead, _TOO_MUCH, to="open")
    state = f"/api/v1/exams/{exam.exam}/state"
    assert (await lead.ok("GET", f"/api/v1/exams/{exam.exam}/start-gate"))["passed"] is False
    refused = await lead.ask("POST", state, json={"to": "live"})
    assert (refused.status, refused.code) == (409, "start-gate")
    assert "disk: the exam needs" in refused.json["detail"]
    assert (await lead.ask("POST", state, json={"to": "live", "override": "  "})).status == 409
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        why = {"to": "live", "override": "the second disk comes at ten"}
        assert (await lead.ok("POST", state, json=why))["state"] == "live"
        while (message := await feed.receive_json(timeout=60))["kind"] != "notice":
            pass
        assert "the second disk comes at ten" in message["data"]["text"]
    (kept,) = await _overrides(box, exam)
    names, _, said = kept.partition(": ")
    assert "disk" in names.split(", ")
    assert said == "the second disk comes at ten"


async def test_a_warning_stops_the_start_too_until_somebody_says_why(
    box: RealBox, lead: BoxApi
) -> None:
    """This box has no media worker, though the exam looks at what it records."""
    exam = await box.new_exam(lead, SETTINGS, to="open")
    state = f"/api/v1/exams/{exam.exam}/state"
    gate = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/start-gate")
    assert gate["passed"] is False
    assert {c["status"] for c in gate["checks"]} == {"ok", "warn"}
    assert "media workers" in gate["needs_reason"]
    assert not {"night", "pepper"} & set(gate["needs_reason"])
    refused = await lead.ask("POST", state, json={"to": "live"})
    assert (refused.status, refused.code) == (409, "start-gate")
    for name in gate["needs_reason"]:
        assert f"{name}: " in refused.json["detail"]
    why = {"to": "live", "override": "two of us walk the hall"}
    assert (await lead.ok("POST", state, json=why))["state"] == "live"
    (kept,) = await _overrides(box, exam)
    assert kept == f"{', '.join(gate['needs_reason'])}: two of us walk the hall"


async def _overrides(box: RealBox, exam: Prepared) -> list[str]:
    """What the audit log has about starts of this exam past its gate."""
    return [
        entry.purpose
        for entry in await asyncio.to_thread(read_audit, box.state)
        if (entry.action, entry.about) == ("start_gate_override", exam.exam)
    ]
