"""A legal hold: while it stands, nothing of an exam is deleted, anywhere (Art. 17(3)(e) GDPR)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.core.ids import ExamId, UserId

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """`reason` names a case, no person."""

    exam_id: ExamId
    since_ms: int
    by: UserId
    reason: str


class LegalHolds(Protocol):
    async def put(self, hold: LegalHold) -> None:
        """Replaces the exam's hold."""

    async def get(self, exam: ExamId) -> LegalHold | None: ...

    async def release(self, exam: ExamId) -> None:
        """Idempotent."""

    async def all(self) -> Sequence[LegalHold]: ...
