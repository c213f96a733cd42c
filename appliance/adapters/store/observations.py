"""What was observed, until close seals it into record objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import apsw
import msgspec

from appliance.adapters.store.database import Database
from appliance.core.errors import NotFound
from appliance.core.ids import AttemptId, ExamId, IncidentId
from appliance.core.observation import HallEvent, Incident, Observation

_HALL_EVENT = msgspec.json.Decoder(HallEvent)
_INCIDENT = msgspec.json.Decoder(Incident)
_OBSERVATION = msgspec.json.Decoder(Observation)


class Observations:
    """Implements `core.ports.ObservationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_observation(self, observation: Observation) -> None:
        """Upsert by id."""
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO observations VALUES (?, ?, ?, ?, ?)",
                (
                    observation.observation_id,
                    observation.attempt_id,
                    observation.incident_id,
                    observation.started_ms,
                    msgspec.json.encode(observation),
                ),
            )
        )

    async def put_incident(self, incident: Incident) -> None:
        alone = replace(incident, observations=())
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?)",
                (
                    alone.incident_id,
                    alone.exam_id,
                    alone.attempt_id,
                    alone.opened_ms,
                    alone.last_ms,
                    msgspec.json.encode(alone),
                ),
            )
        )

    async def incident(self, incident: IncidentId) -> Incident:
        def find(connection: apsw.Connection) -> Incident:
            body = connection.execute(
                "SELECT body FROM incidents WHERE incident_id = ?", (incident,)
            ).get
            if body is None:
                raise NotFound("There is no such incident (any more).")
            return _with_observations(connection, body)

        return await self._database.read(find)

    async def incidents(self, exam: ExamId) -> Sequence[Incident]:
        """With their observations, the oldest first."""

        def find(connection: apsw.Connection) -> list[Incident]:
            bodies = connection.execute(
                "SELECT body FROM incidents WHERE exam_id = ? ORDER BY opened_ms, incident_id",
                (exam,),
            ).fetchall()
            return [_with_observations(connection, row[0]) for row in bodies]

        return await self._database.read(find)

    async def observations(self, attempt: AttemptId) -> Sequence[Observation]:
        """The oldest first, those of an incident and those alone."""
        return await self._database.read(
            lambda connection: [
                _OBSERVATION.decode(body)
                for (body,) in connection.execute(
                    "SELECT body FROM observations WHERE attempt_id = ? "
                    "ORDER BY started_ms, observation_id",
                    (attempt,),
                )
            ]
        )

    async def put_hall_event(self, event: HallEvent) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO hall_events VALUES (?, ?, ?, ?, ?)",
                (
                    event.exam_id,
                    event.hall,
                    event.kind.value,
                    event.started_ms,
                    msgspec.json.encode(event),
                ),
            )
        )

    async def hall_events(self, exam: ExamId) -> Sequence[HallEvent]:
        """The oldest first."""
        return await self._database.read(
            lambda connection: [
                _HALL_EVENT.decode(body)
                for (body,) in connection.execute(
                    "SELECT body FROM hall_events WHERE exam_id = ? "
                    "ORDER BY started_ms, hall, kind",
                    (exam,),
                )
            ]
        )

    async def remove_of_exam(self, exam: ExamId) -> None:
        """Also out of the write-ahead log, which `secure_delete` does not reach."""

        def remove(connection: apsw.Connection) -> None:
            connection.execute(
                "DELETE FROM observations WHERE attempt_id IN "
                "(SELECT attempt_id FROM attempts WHERE exam_id = :exam UNION "
                "SELECT attempt_id FROM incidents WHERE exam_id = :exam)",
                {"exam": exam},
            )
            connection.execute("DELETE FROM incidents WHERE exam_id = ?", (exam,))
            connection.execute("DELETE FROM hall_events WHERE exam_id = ?", (exam,))

        await self._database.run(remove)
        await self._database.scrub()


def _with_observations(connection: apsw.Connection, body: Any) -> Incident:
    incident = _INCIDENT.decode(body)
    rows = connection.execute(
        "SELECT body FROM observations WHERE incident_id = ? ORDER BY started_ms, observation_id",
        (incident.incident_id,),
    )
    return replace(incident, observations=tuple(_OBSERVATION.decode(row) for (row,) in rows))
