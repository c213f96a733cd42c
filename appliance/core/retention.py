"""What may be deleted, and when. The janitor deletes nothing that `may_delete` does not allow.

In order of weight:

1. A legal hold keeps everything, everywhere.
2. Before close nothing is deleted.
3. `retention.days` after close everything goes, everywhere, confirmed or not: that date is the
   promise to the candidate.
4. Before that date only the box's own copy may go, only when the remote copy is confirmed
   (promise 2), and only `retention.local_days` after close and confirmation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.exam import ExamState
from appliance.core.settings import Retention

DAY_MS = 24 * 60 * 60 * 1000


class Place(StrEnum):
    BOX = "box"
    CLOUD = "cloud"


class Reason(StrEnum):
    """Why, for the janitor's report and the audit log."""

    LEGAL_HOLD = "legal_hold"
    NOT_CLOSED = "not_closed"
    RETENTION_ENDED = "retention_ended"
    ONLY_COPY = "only_copy"  # the box holds the only copy until retention ends
    LOCAL_DAYS = "local_days"
    CONFIRMED_REMOTELY = "confirmed_remotely"
    RETENTION_RUNS = "retention_runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One copy of one object. `confirmed_ms`: when the remote copy was proven (digest read back,
    record acknowledged by a majority), None while it is not or when it was never to be sent."""

    place: Place
    exam_state: ExamState
    closed_ms: int | None
    confirmed_ms: int | None = None
    legal_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`not_before_ms` is when the answer may change by time alone; None when time alone will not
    change it."""

    allowed: bool
    reason: Reason
    not_before_ms: int | None = None


_CLOSED = frozenset({ExamState.CLOSED, ExamState.ARCHIVED, ExamState.PURGED})


def ends_ms(closed_ms: int, retention: Retention) -> int:
    """When the last trace of the exam's data goes. Unix milliseconds."""
    return closed_ms + retention.days * DAY_MS


def may_delete(held: Held, retention: Retention, now_ms: int) -> Verdict:
    """Whether this copy may be deleted now. Never raises: what is unclear is kept."""
    if held.legal_hold:
        return Verdict(allowed=False, reason=Reason.LEGAL_HOLD)
    if held.exam_state not in _CLOSED or held.closed_ms is None:
        return Verdict(allowed=False, reason=Reason.NOT_CLOSED)
    end = ends_ms(held.closed_ms, retention)
    if now_ms >= end:
        return Verdict(allowed=True, reason=Reason.RETENTION_ENDED)
    if held.place is Place.CLOUD:
        return Verdict(allowed=False, reason=Reason.RETENTION_RUNS, not_before_ms=end)
    if held.confirmed_ms is None:
        return Verdict(allowed=False, reason=Reason.ONLY_COPY, not_before_ms=end)
    local_end = max(held.closed_ms, held.confirmed_ms) + retention.local_days * DAY_MS
    if now_ms < local_end:
        not_before = min(local_end, end)
        return Verdict(allowed=False, reason=Reason.LOCAL_DAYS, not_before_ms=not_before)
    return Verdict(allowed=True, reason=Reason.CONFIRMED_REMOTELY)
