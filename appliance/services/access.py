"""The one way to an exam, a candidate or what is kept about them: nothing is loaded for a
person who was not authorised for exactly that, now."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.attempt import Attempt
from appliance.core.errors import NotFound
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId, ExamId
from appliance.core.ports import AttemptStore, AuditStore, ExamStore
from appliance.core.roles import Action, Object, Person, authorise


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamFor:
    """An exam that `person` may do `action` with, as it was when that was decided."""

    person: Person
    action: Action
    exam: Exam


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFor:
    person: Person
    action: Action
    exam: Exam
    attempt: Attempt


class Access:
    def __init__(self, exams: ExamStore, attempts: AttemptStore, audit: AuditStore) -> None:
        self._exams = exams
        self._attempts = attempts
        self._audit = audit

    def to_box(self, person: Person, action: Action) -> None:
        """For things of the whole box. Raise NotAllowed."""
        authorise(person, action, Object())

    async def to_exam(self, person: Person, action: Action, exam_id: ExamId) -> ExamFor:
        """Raise NotAllowed or NotFound."""
        exam = await self._exams.get(exam_id)
        authorise(person, action, Object(exam_id=exam.exam_id, exam_state=exam.state))
        return ExamFor(person=person, action=action, exam=exam)

    async def to_attempt(
        self, person: Person, action: Action, exam_id: ExamId, attempt_id: AttemptId
    ) -> AttemptFor:
        """Raise NotAllowed, or NotFound also when the attempt is of another exam."""
        attempt = await self._attempts.get(attempt_id)
        if attempt.exam_id != exam_id:
            raise NotFound("There is no such candidate in this exam.")
        exam = await self._exams.get(exam_id)
        authorise(
            person,
            action,
            Object(exam_id=exam.exam_id, exam_state=exam.state, hall=attempt.seat.hall),
        )
        return AttemptFor(person=person, action=action, exam=exam, attempt=attempt)

    def to_hall(self, person: Person, action: Action, exam: Exam, hall: str) -> None:
        """For a place in a hall where nobody may sit yet. Raise NotAllowed."""
        authorise(person, action, Object(exam_id=exam.exam_id, exam_state=exam.state, hall=hall))

    async def note(self, person: Person, purpose: str, about: str, action: str) -> None:
        """Write the audit entry, durable, before what it speaks of happens."""
        await self._audit.append(person.user_id, action, purpose, about)
