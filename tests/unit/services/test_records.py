"""What is sealed about one attempt: the truth about where and when."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.attendance import ActNote, Break, SeatLeft
from appliance.core.audit import AuditEntry
from appliance.core.exam import Seat
from appliance.core.ids import UserId
from appliance.services.records import record
from tests.contract.store.samples import attempt, exam

USER = UserId("u" * 32)


def _entry(action: str, purpose: str, about: str) -> AuditEntry:
    return AuditEntry(
        sequence=1, at_ms=7, actor=USER, action=action, purpose=purpose, about=about,
        previous=b"", hash=b"",
    )  # fmt: skip


def test_what_people_did_stands_in_the_record_and_what_they_looked_at_does_not() -> None:
    me = str(attempt().attempt_id)
    audit = [
        _entry("join", "check_in", me),
        _entry("attempt_act", "break_start", me),
        _entry("attempt_act", "extra_time", str(attempt(2).attempt_id)),
        _entry("thumbnail_see", "look", me),
    ]
    acts = record(exam(), attempt(), [], [], [], audit)["acts"]
    assert [a["act"] for a in acts] == ["join", "break_start"]


def test_seats_breaks_and_coming_late_stand_in_the_record() -> None:
    sat = replace(attempt(), joined_ms=90, admitted_late_ms=80)
    sealed = record(
        exam(), sat, [], [], [], [],
        [Break(started_ms=100, ended_ms=160), Break(started_ms=200)],
        [SeatLeft(seat=Seat(hall="Aula", label="B7"), until_ms=150)],
        [ActNote(at_ms=5, actor=USER, act="extra_time", reason="fire alarm", minutes=15)],
    )  # fmt: skip
    assert (sealed["hall"], sealed["seat"]) == ("Hall A", "A1")
    assert sealed["seats_left"] == [{"hall": "Aula", "seat": "B7", "until_ms": 150}]
    assert sealed["breaks"] == [
        {"started_ms": 100, "ended_ms": 160},
        {"started_ms": 200, "ended_ms": None},
    ]
    assert sealed["reasons"] == [
        {"at_ms": 5, "actor": "u" * 32, "act": "extra_time", "reason": "fire alarm", "minutes": 15}
    ]
    assert (sealed["joined_ms"], sealed["admitted_late_ms"]) == (90, 80)
