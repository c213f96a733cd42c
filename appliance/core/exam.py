"""The life of an exam as a state machine, and the hall it is held in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.errors import WrongState
from appliance.core.ids import ExamId
from appliance.core.settings import ExamSettings


class ExamState(StrEnum):
    DRAFT = "draft"
    READY = "ready"  # settings frozen and hashed
    OPEN = "open"  # candidates check in; live key exists
    LIVE = "live"  # snippets are recorded
    CLOSED = "closed"  # live key destroyed; late uploads still taken
    ARCHIVED = "archived"  # everything confirmed remotely
    PURGED = "purged"


_NEXT = {
    ExamState.DRAFT: {ExamState.READY},
    ExamState.READY: {ExamState.OPEN, ExamState.DRAFT},
    ExamState.OPEN: {ExamState.LIVE, ExamState.CLOSED},
    ExamState.LIVE: {ExamState.CLOSED},
    ExamState.CLOSED: {ExamState.ARCHIVED},
    ExamState.ARCHIVED: {ExamState.PURGED},
    ExamState.PURGED: set[ExamState](),
}

# DESIGN ruling 1: what promises call "live" is both of these.
IN_SESSION = frozenset({ExamState.OPEN, ExamState.LIVE})


def check_transition(now: ExamState, then: ExamState) -> None:
    """Raise WrongState when an exam in `now` cannot become `then`."""
    if then not in _NEXT[now]:
        raise WrongState(
            f"The exam is {now.value}; it cannot become {then.value}. "
            f"Possible now: {', '.join(sorted(s.value for s in _NEXT[now])) or 'nothing more'}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """`code` is what candidates type (six characters); times are Unix milliseconds or None."""

    exam_id: ExamId
    code: str
    state: ExamState
    settings: ExamSettings
    settings_hash: str | None = None  # hex SHA-256, from `ready` on
    created_ms: int
    opened_ms: int | None = None
    started_ms: int | None = None
    closed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place in a hall. `label` is what stands on the desk, e.g. `A2`."""

    hall: str
    label: str

    @property
    def row(self) -> str:
        """The letters the label starts with (`A` of `A2`); empty when there are none."""
        return "".join(c for c in self.label if c.isalpha())

    @property
    def column(self) -> int:
        digits = "".join(c for c in self.label if c.isdigit())
        return int(digits) if digits else 0
