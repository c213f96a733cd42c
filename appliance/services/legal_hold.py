"""Setting and releasing a legal hold: the data protection officer's act, audited first."""

from __future__ import annotations

from appliance.core.errors import BadInput
from appliance.core.legal_hold import LONGEST_REASON, LegalHold, LegalHolds
from appliance.core.ports import Clock
from appliance.services.access import Access, ExamFor


class HoldDesk:
    def __init__(self, access: Access, holds: LegalHolds, clock: Clock) -> None:
        self._access = access
        self._holds = holds
        self._clock = clock

    async def hold(self, asked: ExamFor, reason: str) -> LegalHold:
        """Raise BadInput without a reason: a hold that nobody can explain is kept by nobody."""
        reason = reason.strip()
        if not 1 <= len(reason) <= LONGEST_REASON or not reason.isprintable():
            raise BadInput(
                f"A legal hold needs a reason of at most {LONGEST_REASON} characters, such as a "
                "case number."
            )
        hold = LegalHold(
            exam_id=asked.exam.exam_id,
            since_ms=self._clock.now_ms(),
            by=asked.person.user_id,
            reason=reason,
        )
        await self._access.note(asked.person, "legal-hold", hold.exam_id, "hold")
        await self._holds.put(hold)
        return hold

    async def release(self, asked: ExamFor) -> None:
        """Idempotent."""
        exam_id = asked.exam.exam_id
        await self._access.note(asked.person, "legal-hold", exam_id, "hold-release")
        await self._holds.release(exam_id)

    async def of(self, asked: ExamFor) -> LegalHold | None:
        return await self._holds.get(asked.exam.exam_id)
