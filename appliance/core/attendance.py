"""Where an attempt sat, when its candidate was out, and the pages it had before this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.core.exam import Seat
from appliance.core.ids import AttemptId, ExamId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Unix milliseconds; `ended_ms` None while the candidate is out."""

    started_ms: int
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLeft:
    seat: Seat
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActNote:
    """Why an invigilator did something; `minutes` of extra time, else 0."""

    at_ms: int
    actor: UserId
    act: str
    reason: str
    minutes: int = 0


def total_ms(breaks: Sequence[Break]) -> int:
    """How long the breaks that have ended were, together."""
    return sum(b.ended_ms - b.started_ms for b in breaks if b.ended_ms is not None)


class AttendanceStore(Protocol):
    async def start_break(self, attempt: AttemptId, started_ms: int) -> None:
        """Idempotent for one that is still open."""

    async def end_break(self, attempt: AttemptId, ended_ms: int) -> None:
        """The one that is open; nothing when none is."""

    async def breaks(self, attempt: AttemptId) -> Sequence[Break]: ...

    async def breaks_of_exam(self, exam: ExamId) -> Mapping[AttemptId, Sequence[Break]]:
        """Attempts without a break are left out."""

    async def move(self, seats: Mapping[AttemptId, Seat], at_ms: int) -> None:
        """Give each attempt its new seat and remember the one it left, all or none: two that
        exchange seats never share one. Raise Conflict when a seat is another's."""

    async def seats_left(self, attempt: AttemptId) -> Sequence[SeatLeft]:
        """The oldest first."""

    async def keep_page(self, token_hash: str, attempt: AttemptId, left_ms: int) -> None:
        """Remember the token of a page that lost its seat to another one."""

    async def attempt_of_page(self, token_hash: str) -> AttemptId | None: ...

    async def note_act(self, attempt: AttemptId, note: ActNote) -> None: ...

    async def act_notes(self, attempt: AttemptId) -> Sequence[ActNote]:
        """The oldest first."""

    async def forget_act_notes(self, exam: ExamId) -> None:
        """After close has sealed them."""
