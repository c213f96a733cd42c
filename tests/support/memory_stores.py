"""Observation and snippet rows in memory, with the ports' rules, for tests of the watch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObjectName, ObservationId
from appliance.core.observation import HallEvent, Incident, Observation
from appliance.core.snippet import ObjectKind, Snippet, StoredObject


class MemoryObservations:
    """Implements `core.ports.ObservationStore`."""

    def __init__(self) -> None:
        self.rows: dict[ObservationId, Observation] = {}
        self._incidents: dict[IncidentId, Incident] = {}
        self._hall_events: dict[tuple[ExamId, str, str, int], HallEvent] = {}

    async def put_observation(self, observation: Observation) -> None:
        self.rows[observation.observation_id] = observation

    async def put_incident(self, incident: Incident) -> None:
        self._incidents[incident.incident_id] = replace(incident, observations=())

    async def incident(self, incident: IncidentId) -> Incident:
        if incident not in self._incidents:
            raise NotFound("There is no such incident.")
        mine = sorted(
            (o for o in self.rows.values() if o.incident_id == incident),
            key=lambda o: (o.started_ms, o.observation_id),
        )
        return replace(self._incidents[incident], observations=tuple(mine))

    async def incidents(self, exam: ExamId) -> Sequence[Incident]:
        ids = [i.incident_id for i in self._incidents.values() if i.exam_id == exam]
        return [await self.incident(incident) for incident in ids]

    async def observations(self, attempt: AttemptId) -> Sequence[Observation]:
        return [o for o in self.rows.values() if o.attempt_id == attempt]

    async def put_hall_event(self, event: HallEvent) -> None:
        self._hall_events[event.exam_id, event.hall, event.kind, event.started_ms] = event

    async def hall_events(self, exam: ExamId) -> Sequence[HallEvent]:
        mine = [e for e in self._hall_events.values() if e.exam_id == exam]
        return sorted(mine, key=lambda e: (e.started_ms, e.hall, e.kind))

    async def remove_of_exam(self, exam: ExamId) -> None:
        self._hall_events = {k: e for k, e in self._hall_events.items() if k[0] != exam}
        gone = {i for i, row in self._incidents.items() if row.exam_id == exam}
        attempts = {self._incidents[i].attempt_id for i in gone}
        self._incidents = {i: r for i, r in self._incidents.items() if i not in gone}
        self.rows = {o: r for o, r in self.rows.items() if r.attempt_id not in attempts}


class MemorySnippets:
    """Implements `core.ports.SnippetStore`."""

    def __init__(self) -> None:
        self.rows: dict[tuple[AttemptId, int], Snippet] = {}
        self._objects: dict[ObjectName, StoredObject] = {}
        self._refused: set[tuple[AttemptId, int]] = set()

    async def add_snippet(self, snippet: Snippet) -> None:
        key = (snippet.attempt_id, snippet.sequence)
        if key in self.rows:
            raise Conflict("That number is taken.")
        self.rows[key] = snippet

    async def snippet(self, attempt: AttemptId, sequence: int) -> Snippet | None:
        return self.rows.get((attempt, sequence))

    async def snippets(self, attempt: AttemptId) -> Sequence[Snippet]:
        return [row for (of, _), row in sorted(self.rows.items()) if of == attempt]

    async def mark_analysed(self, attempt: AttemptId, sequence: int) -> None:
        row = self.rows[attempt, sequence]
        self.rows[attempt, sequence] = replace(row, analysed=True)

    async def mark_refused(self, attempt: AttemptId, sequence: int) -> None:
        self._refused.add((attempt, sequence))

    async def refused(self, attempt: AttemptId) -> Collection[int]:
        return {number for of, number in self._refused if of == attempt}

    async def not_analysed(self, exam: ExamId) -> Sequence[Snippet]:
        return [r for r in self.rows.values() if not r.analysed]

    async def add_object(self, stored: StoredObject) -> None:
        self._objects[stored.name] = stored

    async def objects(
        self, attempt: AttemptId, kind: ObjectKind | None = None
    ) -> Sequence[StoredObject]:
        return [
            o
            for o in self._objects.values()
            if o.header.attempt_id == attempt and kind in (None, o.header.kind)
        ]

    async def objects_of_exam(self, exam: ExamId) -> Sequence[StoredObject]:
        return [o for o in self._objects.values() if o.header.exam_id == exam]

    async def remove_object(self, name: ObjectName) -> None:
        self._objects.pop(name, None)
