"""Breaks, seats that were left and pages that lost their seat, on SQLite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import apsw

from appliance.adapters.store.database import Database
from appliance.core.attendance import ActNote, Break, SeatLeft
from appliance.core.errors import Conflict
from appliance.core.exam import Seat
from appliance.core.ids import AttemptId, ExamId, UserId


class Attendance:
    """Implements `core.attendance.AttendanceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start_break(self, attempt: AttemptId, started_ms: int) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO breaks SELECT :attempt, "
                "(SELECT count(*) + 1 FROM breaks WHERE attempt_id = :attempt), :at, NULL "
                "WHERE NOT EXISTS "
                "(SELECT 1 FROM breaks WHERE attempt_id = :attempt AND ended_ms IS NULL)",
                {"attempt": attempt, "at": started_ms},
            )
        )

    async def end_break(self, attempt: AttemptId, ended_ms: int) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE breaks SET ended_ms = max(started_ms, ?) "
                "WHERE attempt_id = ? AND ended_ms IS NULL",
                (ended_ms, attempt),
            )
        )

    async def breaks(self, attempt: AttemptId) -> Sequence[Break]:
        return await self._database.read(
            lambda connection: [
                Break(started_ms=started, ended_ms=ended)
                for started, ended in connection.execute(
                    "SELECT started_ms, ended_ms FROM breaks WHERE attempt_id = ? ORDER BY number",
                    (attempt,),
                )
            ]
        )

    async def breaks_of_exam(self, exam: ExamId) -> Mapping[AttemptId, Sequence[Break]]:
        def find(connection: apsw.Connection) -> Mapping[AttemptId, Sequence[Break]]:
            found: dict[AttemptId, list[Break]] = defaultdict(list)
            for attempt, started, ended in connection.execute(
                "SELECT attempt_id, breaks.started_ms, ended_ms FROM breaks "
                "JOIN attempts USING (attempt_id) WHERE exam_id = ? ORDER BY attempt_id, number",
                (exam,),
            ):
                found[attempt].append(Break(started_ms=started, ended_ms=ended))
            return dict(found)

        return await self._database.read(find)

    async def move(self, seats: Mapping[AttemptId, Seat], at_ms: int) -> None:
        def update(connection: apsw.Connection) -> None:
            for attempt in seats:
                connection.execute(
                    "INSERT INTO seats_left SELECT attempt_id, hall, seat, ? FROM attempts "
                    "WHERE attempt_id = ?",
                    (at_ms, attempt),
                )
                # A place nobody can name, so that two who exchange theirs pass each other.
                connection.execute(
                    "UPDATE attempts SET seat = char(0) || attempt_id WHERE attempt_id = ?",
                    (attempt,),
                )
            try:
                for attempt, seat in seats.items():
                    connection.execute(
                        "UPDATE attempts SET hall = ?, seat = ? WHERE attempt_id = ?",
                        (seat.hall, seat.label, attempt),
                    )
            except apsw.ConstraintError as error:
                raise Conflict("Another candidate has this seat: choose another seat.") from error

        await self._database.run(update)

    async def seats_left(self, attempt: AttemptId) -> Sequence[SeatLeft]:
        return await self._database.read(
            lambda connection: [
                SeatLeft(seat=Seat(hall=hall, label=label), until_ms=until)
                for hall, label, until in connection.execute(
                    "SELECT hall, seat, until_ms FROM seats_left WHERE attempt_id = ? "
                    "ORDER BY until_ms",
                    (attempt,),
                )
            ]
        )

    async def keep_page(self, token_hash: str, attempt: AttemptId, left_ms: int) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO earlier_pages VALUES (?, ?, ?)",
                (token_hash, attempt, left_ms),
            )
        )

    async def attempt_of_page(self, token_hash: str) -> AttemptId | None:
        def find(connection: apsw.Connection) -> AttemptId | None:
            row = connection.execute(
                "SELECT attempt_id FROM earlier_pages WHERE token_hash = ?", (token_hash,)
            ).fetchone()
            return None if row is None else AttemptId(row[0])

        return await self._database.read(find)

    async def note_act(self, attempt: AttemptId, note: ActNote) -> None:
        row = (attempt, note.at_ms, note.actor, note.act, note.reason, note.minutes)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO act_notes VALUES (?, ?, ?, ?, ?, ?)", row
            )
        )

    async def act_notes(self, attempt: AttemptId) -> Sequence[ActNote]:
        return await self._database.read(
            lambda connection: [
                ActNote(at_ms=at, actor=UserId(actor), act=act, reason=reason, minutes=minutes)
                for at, actor, act, reason, minutes in connection.execute(
                    "SELECT at_ms, actor, act, reason, minutes FROM act_notes "
                    "WHERE attempt_id = ? ORDER BY at_ms, rowid",
                    (attempt,),
                )
            ]
        )

    async def forget_act_notes(self, exam: ExamId) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM act_notes WHERE attempt_id IN "
                "(SELECT attempt_id FROM attempts WHERE exam_id = ?)",
                (exam,),
            )
        )
