"""Who has which hall, what they tell the next, and who has seen which incident.

All of it lives while the exam is in session and goes at close: what matters for later is a
decision, with its note, and stands in the sealed record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.core.ids import AttemptId, ExamId, IncidentId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftNote:
    """A note to whoever comes next; `hall` None: to all halls."""

    note_id: str
    at_ms: int
    by: UserId
    by_name: str
    text: str
    hall: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """`halls` None: all of them."""

    user_id: UserId
    name: str
    since_ms: int
    halls: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Everybody who is on duty now, who began first first."""

    on_duty: tuple[OnDuty, ...] = ()


NOBODY_ON_DUTY = Duty()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBy:
    """Who has looked at an incident. That they have seen it decides nothing."""

    incident_id: IncidentId
    attempt_id: AttemptId
    users: tuple[UserId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """All of it, as stored."""

    notes: tuple[ShiftNote, ...] = ()
    duty: Duty = NOBODY_ON_DUTY
    seen: tuple[SeenBy, ...] = ()


NOTHING_YET = Handover()


class HandoverStore(Protocol):
    async def add_note(self, exam: ExamId, note: ShiftNote) -> None: ...

    async def set_duty(self, exam: ExamId, one: OnDuty) -> None:
        """In place of what this person had."""

    async def end_duty(self, exam: ExamId, user: UserId) -> None:
        """Idempotent."""

    async def duty(self, exam: ExamId) -> Sequence[OnDuty]: ...

    async def mark_seen(
        self, exam: ExamId, incident: IncidentId, attempt: AttemptId, user: UserId
    ) -> SeenBy:
        """All who have, this person included. Idempotent."""

    async def all(self, exam: ExamId) -> Handover: ...

    async def forget(self, exam: ExamId) -> None:
        """At close."""
