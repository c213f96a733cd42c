"""Notes to the next shift, who is on duty and who has seen what, on SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from appliance.adapters.store.database import Database
from appliance.core.handover import Duty, Handover, OnDuty, SeenBy, ShiftNote
from appliance.core.ids import AttemptId, ExamId, IncidentId, UserId

_TABLES = ("shift_notes", "on_duty", "seen_incidents")


class Handovers:
    """Implements `core.handover.HandoverStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_note(self, exam: ExamId, note: ShiftNote) -> None:
        row = (note.note_id, exam, note.at_ms, note.by, note.by_name, note.hall, note.text)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO shift_notes VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
        )

    async def set_duty(self, exam: ExamId, one: OnDuty) -> None:
        halls = None if one.halls is None else json.dumps(one.halls, ensure_ascii=False)
        row = (exam, one.user_id, one.name, halls, one.since_ms)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO on_duty VALUES (?, ?, ?, ?, ?)", row
            )
        )

    async def end_duty(self, exam: ExamId, user: UserId) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM on_duty WHERE exam_id = ? AND user_id = ?", (exam, user)
            )
        )

    async def duty(self, exam: ExamId) -> Sequence[OnDuty]:
        return await self._database.read(lambda connection: _duty(connection, exam))

    async def mark_seen(
        self, exam: ExamId, incident: IncidentId, attempt: AttemptId, user: UserId
    ) -> SeenBy:
        def mark(connection: apsw.Connection) -> SeenBy:
            connection.execute(
                "INSERT OR IGNORE INTO seen_incidents VALUES (?, ?, ?, ?)",
                (exam, incident, attempt, user),
            )
            rows = connection.execute(
                "SELECT user_id FROM seen_incidents WHERE incident_id = ? ORDER BY rowid",
                (incident,),
            )
            users = tuple(UserId(user) for (user,) in rows)
            return SeenBy(incident_id=incident, attempt_id=attempt, users=users)

        return await self._database.run(mark)

    async def all(self, exam: ExamId) -> Handover:
        def find(connection: apsw.Connection) -> Handover:
            return Handover(
                notes=_notes(connection, exam),
                duty=Duty(on_duty=tuple(_duty(connection, exam))),
                seen=_seen(connection, exam),
            )

        return await self._database.read(find)

    async def forget(self, exam: ExamId) -> None:
        def delete(connection: apsw.Connection) -> None:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE exam_id = ?", (exam,))

        await self._database.run(delete)


def _notes(connection: apsw.Connection, exam: ExamId) -> tuple[ShiftNote, ...]:
    return tuple(
        ShiftNote(note_id=row[0], at_ms=row[1], by=row[2], by_name=row[3], hall=row[4], text=row[5])
        for row in connection.execute(
            "SELECT note_id, at_ms, by_user, by_name, hall, text FROM shift_notes "
            "WHERE exam_id = ? ORDER BY at_ms, rowid",
            (exam,),
        )
    )


def _duty(connection: apsw.Connection, exam: ExamId) -> list[OnDuty]:
    return [
        OnDuty(
            user_id=row[0],
            name=row[1],
            halls=None if row[2] is None else tuple(json.loads(row[2])),
            since_ms=row[3],
        )
        for row in connection.execute(
            "SELECT user_id, name, halls, since_ms FROM on_duty WHERE exam_id = ? "
            "ORDER BY since_ms, user_id",
            (exam,),
        )
    ]


def _seen(connection: apsw.Connection, exam: ExamId) -> tuple[SeenBy, ...]:
    users: dict[tuple[IncidentId, AttemptId], list[UserId]] = {}
    for incident, attempt, user in connection.execute(
        "SELECT incident_id, attempt_id, user_id FROM seen_incidents WHERE exam_id = ? "
        "ORDER BY rowid",
        (exam,),
    ):
        users.setdefault((incident, attempt), []).append(user)
    return tuple(
        SeenBy(incident_id=incident, attempt_id=attempt, users=tuple(who))
        for (incident, attempt), who in users.items()
    )
