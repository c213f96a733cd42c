"""Writes down what the rules found: observations, the incidents they belong to, hall events.

Reading and writing an incident happens under the exam's lock in `locks`; whoever else changes
incidents (a person's decision) takes the same lock, so that no word is written over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from appliance.core import hall_event
from appliance.core import incident as incidents
from appliance.core.attempt import Attempt
from appliance.core.exam import Exam
from appliance.core.feed import FeedData, FeedKind
from appliance.core.hall_event import HallState, Start
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObservationId
from appliance.core.observation import HallEvent, Incident, Observation
from appliance.core.ports import ObservationStore, Randomness
from appliance.core.rules import ObservationEnded, ObservationStarted, RuleEvent
from appliance.services.keyed_locks import KeyedLocks

Publish = Callable[[ExamId, FeedKind, FeedData], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What changed, each in its last form."""

    incidents: tuple[Incident, ...] = ()
    hall_events: tuple[HallEvent, ...] = ()


class IncidentBook:
    def __init__(
        self,
        observations: ObservationStore,
        randomness: Randomness,
        publish: Publish,
        locks: KeyedLocks,
    ) -> None:
        self._observations = observations
        self._randomness = randomness
        self._publish = publish
        self._locks = locks
        self._halls: dict[ExamId, HallState] = {}
        self._absorbed: dict[ExamId, set[ObservationId]] = {}
        self._closed: set[ExamId] = set()

    def hall_events(self, exam: ExamId) -> tuple[HallEvent, ...]:
        """Those known here: read from the store with the first thing that is written."""
        state = self._halls.get(exam)
        return state.events if state else ()

    async def close(self, exam: ExamId) -> None:
        """When it returns, what was being written is written, and nothing more will be: the rows
        of a closed exam are sealed and removed, and none may come after."""
        async with self._locks.of(exam):
            self._closed.add(exam)
            self._halls.pop(exam, None)
            self._absorbed.pop(exam, None)

    async def write(
        self, exam: Exam, attempt: Attempt, events: Iterable[RuleEvent], recording_seats: int
    ) -> Written:
        """Store and publish `events` of `attempt`. `recording_seats`: how many of its hall."""
        events = list(events)
        if not events:
            return Written()
        async with self._locks.of(exam.exam_id):
            if exam.exam_id in self._closed:
                return Written()
            page = _Page({i.incident_id: i for i in await self._incidents(exam.exam_id)})
            for event in events:
                await self._write(exam, attempt, event, recording_seats, page)
            for changed in page.changed:
                await self._observations.put_incident(page.incidents[changed])
                self._publish(exam.exam_id, FeedKind.INCIDENT, page.incidents[changed])
            for hall in page.hall_events.values():
                await self._observations.put_hall_event(hall)
                self._publish(exam.exam_id, FeedKind.HALL_EVENT, hall)
        return Written(
            incidents=tuple(page.incidents[i] for i in page.changed),
            hall_events=tuple(page.hall_events.values()),
        )

    async def heard_in_hall(self, exam: ExamId, events: Iterable[HallEvent]) -> None:
        """Store and publish what the hall's microphone made of its sound."""
        async with self._locks.of(exam):
            for event in events:
                if exam not in self._closed:
                    await self._observations.put_hall_event(event)
                    self._publish(exam, FeedKind.HALL_EVENT, event)

    async def end_stale(self, exam: Exam, attempt: Attempt) -> Written:
        """End what a gateway that stopped left open, at the last moment it was seen."""
        stale = [
            ObservationEnded(replace(o, ended_ms=incidents.end_ms(o)))
            for o in await self._observations.observations(attempt.attempt_id)
            if o.ended_ms is None
        ]
        absorbed = {e.observation.observation_id for e in stale if not e.observation.incident_id}
        self._absorbed.setdefault(exam.exam_id, set()).update(absorbed)
        return await self.write(exam, attempt, stale, 0)

    async def _incidents(self, exam: ExamId) -> list[Incident]:
        return list(await self._observations.incidents(exam))

    async def _write(
        self, exam: Exam, attempt: Attempt, event: RuleEvent, recording_seats: int, page: _Page
    ) -> None:
        observation = event.observation
        absorbed = self._absorbed.setdefault(exam.exam_id, set())
        if isinstance(event, ObservationStarted):
            noticed = await self._notice(exam, attempt, observation, recording_seats)
            if noticed.event is not None:
                hall = noticed.event
                page.hall_events[hall.hall, hall.kind, hall.started_ms] = hall
                absorbed |= noticed.absorbed - page.decided()
                await self._withdraw(page, absorbed)
        if observation.observation_id in absorbed:
            await self._observations.put_observation(replace(observation, incident_id=None))
            return
        filed = incidents.file(
            observation,
            page.of(attempt.attempt_id),
            exam_id=exam.exam_id,
            new_id=lambda: IncidentId(self._randomness.new_id()),
        )
        page.put(filed)
        await self._observations.put_observation(
            replace(observation, incident_id=filed.incident_id)
        )

    async def _notice(
        self, exam: Exam, attempt: Attempt, observation: Observation, recording_seats: int
    ) -> hall_event.Noticed:
        start = Start(
            observation_id=observation.observation_id,
            attempt_id=attempt.attempt_id,
            hall=attempt.seat.hall,
            seat=attempt.seat.label,
            kind=observation.kind,
            at_ms=observation.started_ms,
        )
        before = self._halls.get(exam.exam_id)
        if before is None:  # the first since the gateway started: events go on that were running
            stored = await self._observations.hall_events(exam.exam_id)
            before = HallState(exam_id=exam.exam_id, events=tuple(stored))
        after, noticed = hall_event.notice(before, start, recording_seats, exam.settings.rules)
        self._halls[exam.exam_id] = after
        return noticed

    async def _withdraw(self, page: _Page, absorbed: set[ObservationId]) -> None:
        """Take what became a hall event out of its incidents."""
        for found in list(page.incidents.values()):
            mine = [o for o in found.observations if o.observation_id in absorbed]
            if not mine:
                continue
            for observation in mine:
                await self._observations.put_observation(replace(observation, incident_id=None))
            page.put(incidents.take_out(found, absorbed))


class _Page:
    """The incidents of one exam while events are written."""

    def __init__(self, incidents: dict[IncidentId, Incident]) -> None:
        self.incidents = incidents
        self.changed: dict[IncidentId, None] = {}
        self.hall_events: dict[tuple[str, str, int], HallEvent] = {}

    def of(self, attempt: AttemptId) -> list[Incident]:
        return [i for i in self.incidents.values() if i.attempt_id == attempt]

    def decided(self) -> set[ObservationId]:
        """What a person has already spoken about; it stays where it is."""
        return {
            observation.observation_id
            for incident in self.incidents.values()
            if incident.decision is not None
            for observation in incident.observations
        }

    def put(self, changed: Incident) -> None:
        self.incidents[changed.incident_id] = changed
        self.changed[changed.incident_id] = None
