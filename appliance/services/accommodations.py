"""A lead invigilator switches single detectors off for one candidate, or on again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from appliance.core.accommodation import parse_detectors
from appliance.core.attendance import ActNote, AttendanceStore
from appliance.core.errors import BadInput
from appliance.core.feed import SeatStatus
from appliance.core.ports import Clock
from appliance.services.access import Access, AttemptFor
from appliance.services.attempt_life import AttemptLife
from appliance.services.hall import Halls

ACT = "accommodate"
_MAX_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Accommodations:
    access: Access
    attempts: AttemptLife
    attendance: AttendanceStore
    halls: Halls
    clock: Clock

    async def set(self, asked: AttemptFor, detectors: Collection[str], reason: str) -> SeatStatus:
        """From the next footage on exactly `detectors` are off for this candidate.

        Raise BadInput for an unknown detector or without a reason. The reason is kept with the
        attempt's acts and sealed with its record: it may say something about a person's health.
        """
        off = parse_detectors(detectors)
        if not 1 <= len(reason.strip()) <= _MAX_REASON:
            raise BadInput("An accommodation needs a reason: write one short sentence.")
        attempt_id = asked.attempt.attempt_id
        await self.access.note(asked.person, ACT, attempt_id, asked.action.value)
        await self.attempts.change(attempt_id, lambda a: replace(a, switched_off=off))
        await self.attendance.note_act(
            attempt_id,
            ActNote(
                at_ms=self.clock.now_ms(),
                actor=asked.person.user_id,
                act=ACT,
                reason=reason.strip(),
                minutes=0,
            ),
        )
        return self.halls.feed(asked.exam.exam_id).seat(attempt_id)
