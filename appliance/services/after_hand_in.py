"""What a candidate may still do after handing in: see what was noted, say something about it, and
leave the computer to the next person.

Until the exam is closed: afterwards the box opens nothing of it (DESIGN ruling 6).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from appliance.core.attempt import FINISHED, Attempt
from appliance.core.errors import BadInput, WrongState
from appliance.core.exam import Exam, ExamState
from appliance.core.incident import is_withdrawn
from appliance.core.languages import Languages
from appliance.core.observation import Incident
from appliance.core.ports import AttemptStore, AuditStore, ExamStore, ObservationStore
from appliance.core.wording import Translate, of_incident
from appliance.services.attempt_life import AttemptLife
from appliance.services.remarks import Remarks

MAX_REMARK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """`text` says what, how long and how clear; `looked` what a person made of it. Neither who
    looked nor what they wrote: that is in the record, for the school to disclose."""

    at_ms: int
    text: str
    looked: Literal["waiting", "confirmed", "dismissed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """`open`: a remark is still taken. `flags`: None when the school does not show them, or
    when they are sealed already. `remark`: one was left."""

    open: bool
    flags: tuple[Flag, ...] | None
    remark: bool


class AfterHandIn:
    def __init__(
        self,
        *,
        exams: ExamStore,
        attempts: AttemptStore,
        life: AttemptLife,
        observations: ObservationStore,
        audit: AuditStore,
        remarks: Remarks,
        languages: Languages,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
        self._life = life
        self._observations = observations
        self._audit = audit
        self._remarks = remarks
        self._languages = languages

    async def look(self, attempt: Attempt, language: str) -> Afterwards:
        """Raise WrongState before the attempt is over."""
        exam = await self._finished(attempt)
        if exam.state is not ExamState.LIVE:
            return Afterwards(open=False, flags=None, remark=False)
        return Afterwards(
            open=True,
            flags=await self._flags(exam, attempt, language),
            remark=await self._remarks.there(attempt.attempt_id),
        )

    async def remark(self, attempt: Attempt, text: str) -> None:
        """Seal and keep it in place of an earlier one. Raise BadInput when it is empty or longer
        than MAX_REMARK characters, WrongState before hand-in and after close."""
        words = text.strip()
        if not words or len(words) > MAX_REMARK:
            raise BadInput(
                f"A remark has between 1 and {MAX_REMARK} characters.", code="remark-length"
            )
        exam = await self._finished(attempt)
        if exam.state is not ExamState.LIVE:
            raise _closed()
        kept = await self._remarks.keep(exam, attempt.attempt_id, words)
        if (await self._exams.get(exam.exam_id)).state is not ExamState.LIVE:
            # Closed meanwhile: perhaps after the record was sealed, so nothing may be promised.
            await self._remarks.take_back(kept)
            raise _closed()
        await self._audit.append(attempt.attempt_id, "remark", "candidate", attempt.attempt_id)

    async def leave(self, attempt: Attempt) -> None:
        """This page's login ends: the next person at the computer sees nothing of it."""
        await self._finished(attempt)
        await self._life.change(attempt.attempt_id, lambda now: replace(now, token_hash=None))

    async def _finished(self, attempt: Attempt) -> Exam:
        exam = await self._exams.get(attempt.exam_id)
        over = exam.state not in {ExamState.OPEN, ExamState.LIVE}
        if attempt.state not in FINISHED and not over:
            raise WrongState("Hand in first.", code="not-handed-in")
        return exam

    async def _flags(self, exam: Exam, attempt: Attempt, language: str) -> tuple[Flag, ...] | None:
        if not exam.settings.show_flags_after_hand_in:
            return None
        found = [
            incident
            for incident in await self._observations.incidents(exam.exam_id)
            if incident.attempt_id == attempt.attempt_id and not is_withdrawn(incident)
        ]
        found.sort(key=lambda incident: incident.opened_ms)
        translate = self._languages.translation(language or exam.settings.language)
        return tuple(_flag(incident, translate) for incident in found)


def _flag(incident: Incident, translate: Translate) -> Flag:
    undecided = replace(incident, decision=None)
    return Flag(
        at_ms=incident.opened_ms,
        text=of_incident(undecided, translate),
        looked=incident.decision.value if incident.decision else "waiting",
    )


def _closed() -> WrongState:
    return WrongState(
        "The exam is closed: write your remark to the school instead.", code="exam-closed"
    )
