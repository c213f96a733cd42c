"""A person's word on an incident. The machine never makes one (promise 5)."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.errors import NotFound
from appliance.core.feed import FeedKind
from appliance.core.ids import IncidentId
from appliance.core.incident import decide, is_withdrawn, undo
from appliance.core.observation import Decision, Incident, ReasonCategory
from appliance.core.ports import Clock, ObservationStore
from appliance.core.roles import Action, Person
from appliance.services.access import Access, ExamFor
from appliance.services.hall import Halls
from appliance.services.keyed_locks import KeyedLocks


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """`decision` None takes the decision back. Confirming or dismissing is equally easy."""

    decision: Decision | None
    category: ReasonCategory | None = None
    note: str = ""


class Decisions:
    def __init__(
        self,
        access: Access,
        observations: ObservationStore,
        halls: Halls,
        clock: Clock,
        locks: KeyedLocks,
    ) -> None:
        self._access = access
        self._observations = observations
        self._halls = halls
        self._clock = clock
        self._locks = locks  # shared with what writes incidents down

    async def decide(
        self, asked: ExamFor, incident_id: IncidentId, request: DecisionRequest
    ) -> Incident:
        await self._check_of_exam(asked, incident_id)
        word = request.decision.value if request.decision else "undone"
        await self._access.note(asked.person, word, incident_id, asked.action.value)
        async with self._locks.of(asked.exam.exam_id):
            incident = await self._observations.incident(incident_id)
            decided = self._with_word(incident, asked.person, request)
            await self._observations.put_incident(decided)
        self._halls.publish(asked.exam.exam_id, FeedKind.INCIDENT, decided)
        return decided

    def _with_word(self, incident: Incident, person: Person, request: DecisionRequest) -> Incident:
        if request.decision is None:
            return undo(incident)
        return decide(
            incident,
            request.decision,
            by=person.user_id,
            at_ms=self._clock.now_ms(),
            category=request.category,
            note=request.note,
        )

    async def _check_of_exam(self, asked: ExamFor, incident: IncidentId) -> None:
        """Raise NotFound or NotAllowed unless the incident is of this exam, and of a hall this
        person is assigned to."""
        found = await self._observations.incident(incident)
        if found.exam_id != asked.exam.exam_id or is_withdrawn(found):
            raise NotFound("There is no such incident in this exam.")
        await self._access.to_attempt(
            asked.person, Action.INCIDENT_DECIDE, asked.exam.exam_id, found.attempt_id
        )
