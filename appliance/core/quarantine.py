"""Ciphertext that lies on the box without a row: kept aside, never deleted for being unknown.

A blob is durable before its row (DESIGN section 5), so a power cut between the two leaves one
without. Nothing of it was acknowledged, but it may be the only copy of what it holds. It goes with
its attempt's erasure or its exam's retention, like everything else, and for no other reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.core.ids import AttemptId, ExamId, ObjectName
from appliance.core.snippet import ObjectHeader


class Aside(StrEnum):
    """Why an object has no row. Nobody is shown any of these."""

    WAITING = "waiting"  # may come again by itself until nothing of the exam can arrive any more
    SUPERSEDED = "superseded"  # another object holds its number, or a newer one took its place
    UNKNOWN = "unknown"  # of no attempt or key epoch that this box knows
    TOO_LATE = "too_late"  # its exam has been sent without it
    ERASED = "erased"  # its file could not be deleted: tried again with every replay of tombstones
    UNREADABLE = "unreadable"  # its header is not one that this box has written


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """`header` is what the object says of itself, not authenticated; None when unreadable.
    `sha256` (hexadecimal) and `size` are of the bytes as found."""

    name: ObjectName
    header: ObjectHeader | None
    size: int
    sha256: str
    found_ms: int
    why: Aside


class Quarantine(Protocol):
    """Durable when a method returns."""

    async def without_row(self, names: Collection[ObjectName]) -> Sequence[ObjectName]:
        """Those of `names` that neither an object's row nor the quarantine knows."""

    async def put(self, found: Quarantined) -> None:
        """Upsert by name."""

    async def all(self) -> Sequence[Quarantined]: ...

    async def of_exam(self, exam: ExamId) -> Sequence[Quarantined]: ...

    async def of_attempt(self, attempt: AttemptId) -> Sequence[Quarantined]: ...

    async def remove(self, name: ObjectName) -> None:
        """The row alone: it was adopted, or its blob is gone. Idempotent."""
