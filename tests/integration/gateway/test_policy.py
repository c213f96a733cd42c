"""A school's policy against a real box: at create, and again at ready."""

from __future__ import annotations

from tests.support.box import ROSTER, SETTINGS, RealBox
from tests.support.box_api import BoxApi


async def test_settings_beyond_the_policy_are_refused(box: RealBox, lead: BoxApi) -> None:
    policy = box.state / "policy.toml"
    try:
        policy.write_text("[retention]\nmax_days = 29\n")
        refused = await lead.ask("POST", "/api/v1/exams", json={"settings_toml": SETTINGS})
        assert (refused.status, refused.code) == (400, "policy")
        assert "retention.days is 30" in refused.json["detail"]
        assert "max_days of the school's policy is 29" in refused.json["detail"]
        policy.write_text('[features]\nallowed = ["video_snippets"]\n')
        made = await lead.ok("POST", "/api/v1/exams", json={"settings_toml": SETTINGS})
    finally:
        policy.unlink()
    assert made["state"] == "draft"


async def test_a_policy_that_became_stricter_holds_at_ready(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, SETTINGS, ROSTER, to="draft")
    policy = box.state / "policy.toml"
    state = f"/api/v1/exams/{exam.exam}/state"
    try:
        policy.write_text("[features]\nallowed = []\n")
        refused = await lead.ask("POST", state, json={"to": "ready"})
        assert (refused.status, refused.code) == (400, "policy")
        assert "features.video_snippets" in refused.json["detail"]
        assert (await lead.ok("GET", f"/api/v1/exams/{exam.exam}"))["state"] == "draft"
        policy.write_text("[features\n")  # unreadable is not lifted
        assert (await lead.ask("POST", state, json={"to": "ready"})).status == 400
    finally:
        policy.unlink()
    assert (await lead.ok("POST", state, json={"to": "ready"}))["state"] == "ready"
