"""The RECORD object of an attempt: everything that was noted about it, sealed at close, after
which the plain rows go. The fields stand in ARCHITECTURE.md, "The cloud copy"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from typing import Any

from appliance.core.attempt import Attempt
from appliance.core.attendance import ActNote, Break, SeatLeft
from appliance.core.audit import AuditEntry
from appliance.core.exam import Exam
from appliance.core.observation import HallEvent, Incident, Observation
from appliance.core.roles import Action
from appliance.core.snippet import Snippet

VERSION = 1
_RIGHTS_TO_SEVERAL = frozenset({Action.ATTEMPT_ACT.value, Action.INCIDENT_DECIDE.value})
# What people did to the attempt; looking is not an act and stays in the audit log.
ACTS = frozenset(
    {
        "break_start",
        "break_end",
        "message",
        "extra_time",
        "identity_checked",
        "accommodate",
        "release_seat",
        "seat_change",
        "takeover",
        "takeover_approve",
        "takeover_code",
        "admit_late",
        "seat_watched",
        "camera_again",
        "hand_down",
        "end",
        "confirmed",
        "dismissed",
        "undone",
        "notice-acknowledged",
        "notice-refused",
        "join",
        "remark",
    }
)


def record(
    exam: Exam,
    attempt: Attempt,
    snippets: Sequence[Snippet],
    observations: Sequence[Observation],
    incidents: Sequence[Incident],
    audit: Sequence[AuditEntry],
    breaks: Sequence[Break] = (),
    seats_left: Sequence[SeatLeft] = (),
    reasons: Sequence[ActNote] = (),
    remark: str = "",
    hall_events: Sequence[HallEvent] = (),
) -> dict[str, Any]:
    """As plain maps, lists, texts and numbers; `incidents` name their observations by id. A break
    without an end lasted until close.

    Of `hall_events` those of the attempt's hall are told, with how many seats they were seen at:
    which seats is about other people.
    """
    about = {str(attempt.attempt_id)} | {str(i.incident_id) for i in incidents}
    return {
        "version": VERSION,
        "attempt": attempt.attempt_id,
        "exam": exam.exam_id,
        "seat": attempt.seat.label,
        "hall": attempt.seat.hall,
        "seats_left": [
            {"hall": s.seat.hall, "seat": s.seat.label, "until_ms": s.until_ms} for s in seats_left
        ],
        "extra_minutes": attempt.extra_minutes,
        "joined_ms": attempt.joined_ms,
        "admitted_late_ms": attempt.admitted_late_ms,
        "breaks": [{"started_ms": b.started_ms, "ended_ms": b.ended_ms} for b in breaks],
        "title": exam.settings.title,
        "started_ms": exam.started_ms,
        "finished_ms": attempt.finished_ms,
        "camera": attempt.camera.value,
        "switched_off": sorted(category.value for category in attempt.switched_off),
        "notice_version": attempt.notice_version,
        "snippets": [
            {"sequence": s.sequence, "started_ms": s.started_ms, "duration_s": s.duration_s}
            for s in snippets
        ],
        "observations": [_plain(asdict(o)) for o in observations],
        "incidents": [
            _plain(asdict(i) | {"observations": [str(o.observation_id) for o in i.observations]})
            for i in incidents
        ],
        "hall_events": [
            {
                "kind": e.kind.value,
                "started_ms": e.started_ms,
                "last_ms": e.last_ms,
                "seats": len(e.seats),
                "this_seat": attempt.seat.label in e.seats,
            }
            for e in hall_events
            if e.hall == attempt.seat.hall
        ],
        "acts": [
            {"at_ms": e.at_ms, "actor": e.actor, "act": _act(e), "about": e.about}
            for e in audit
            if e.about in about and _act(e) in ACTS
        ],
        "reasons": [_plain(asdict(note)) for note in reasons],
        "remark": remark,
    }


def _act(entry: AuditEntry) -> str:
    """An entry's action is the right that was used; for these the purpose says for what."""
    return entry.purpose if entry.action in _RIGHTS_TO_SEVERAL else entry.action


def _plain(value: Any) -> Any:
    """Enums as their values, tuples as lists."""
    match value:
        case Enum():
            return value.value
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
