"""Attempts: one row per candidate and exam, without names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from appliance.adapters.store.database import Database
from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.errors import Conflict, NotFound, WrongState
from appliance.core.exam import Seat
from appliance.core.ids import AttemptId, ExamId
from appliance.core.processing import Category

_COLUMNS = (
    "attempt_id, exam_id, hall, seat, state, camera, extra_minutes, seat_code_hash, public_key, "
    "token_hash, notice_version, portrait_accepted, identity_checked_by_hand, hand_raised, "
    "break_started_ms, joined_ms, finished_ms, epoch, last_sequence, "
    "admitted_late_ms, roster_minutes, switched_off, hand_presses"
)
_PLACES = ", ".join("?" * 23)
_GO_WITH_IT = ("refused_snippets", "breaks", "seats_left", "earlier_pages", "act_notes")
_SELECT = f"SELECT {_COLUMNS} FROM attempts"


class Attempts:
    """Implements `core.ports.AttemptStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, attempts: Sequence[Attempt]) -> None:
        rows = [_row(attempt) for attempt in attempts]

        def insert(connection: apsw.Connection) -> None:
            try:
                connection.executemany(
                    f"INSERT INTO attempts ({_COLUMNS}) VALUES ({_PLACES})", rows
                )
            except apsw.ConstraintError as error:
                raise Conflict(
                    "Two candidates have the same seat: give each a seat of their own."
                ) from error

        await self._database.run(insert)

    async def get(self, attempt: AttemptId) -> Attempt:
        return await self._one("attempt_id", attempt)

    async def by_token(self, token_hash: str) -> Attempt:
        return await self._one("token_hash", token_hash)

    async def of_exam(self, exam: ExamId) -> Sequence[Attempt]:
        """By hall and seat label."""
        return await self._database.read(
            lambda connection: [
                _attempt(row)
                for row in connection.execute(
                    f"{_SELECT} WHERE exam_id = ? ORDER BY hall, length(seat), seat", (exam,)
                )
            ]
        )

    async def replace(self, attempt: Attempt, *, expected: AttemptState) -> None:
        def update(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    f"UPDATE attempts SET ({_COLUMNS}) = ({_PLACES}) "
                    "WHERE attempt_id = ? AND state = ?",
                    (*_row(attempt), attempt.attempt_id, expected.value),
                )
            except apsw.ConstraintError as error:
                raise Conflict("Another candidate has this seat: choose another seat.") from error
            if connection.changes() == 1:
                return
            state = connection.execute(
                "SELECT state FROM attempts WHERE attempt_id = ?", (attempt.attempt_id,)
            ).get
            if state is None:
                raise _no_attempt()
            raise WrongState(
                f"The attempt is {state} by now, not {expected.value}: look again, then decide."
            )

        await self._database.run(update)

    async def remove_of_exam(self, exam: ExamId) -> None:
        def delete(connection: apsw.Connection) -> None:
            for table in _GO_WITH_IT:
                connection.execute(
                    f"DELETE FROM {table} WHERE attempt_id IN "
                    "(SELECT attempt_id FROM attempts WHERE exam_id = ?)",
                    (exam,),
                )
            connection.execute("DELETE FROM attempts WHERE exam_id = ?", (exam,))

        await self._database.run(delete)

    async def _one(self, column: str, key: str) -> Attempt:
        def find(connection: apsw.Connection) -> Attempt:
            row = connection.execute(f"{_SELECT} WHERE {column} = ?", (key,)).fetchone()
            if row is None:
                raise _no_attempt()
            return _attempt(row)

        return await self._database.read(find)


def _no_attempt() -> NotFound:
    return NotFound("There is no such attempt on this box: ask the candidate to join again.")


def _row(attempt: Attempt) -> tuple[Any, ...]:
    return (
        attempt.attempt_id,
        attempt.exam_id,
        attempt.seat.hall,
        attempt.seat.label,
        attempt.state.value,
        attempt.camera.value,
        attempt.extra_minutes,
        attempt.seat_code_hash,
        attempt.public_key,
        attempt.token_hash,
        attempt.notice_version,
        attempt.portrait_accepted,
        attempt.identity_checked_by_hand,
        attempt.hand_raised,
        attempt.break_started_ms,
        attempt.joined_ms,
        attempt.finished_ms,
        attempt.epoch,
        attempt.last_sequence,
        attempt.admitted_late_ms,
        attempt.roster_minutes,
        " ".join(sorted(attempt.switched_off)),
        attempt.hand_presses,
    )


def _attempt(row: tuple[Any, ...]) -> Attempt:
    return Attempt(
        attempt_id=row[0],
        exam_id=row[1],
        seat=Seat(hall=row[2], label=row[3]),
        state=AttemptState(row[4]),
        camera=CameraState(row[5]),
        extra_minutes=row[6],
        seat_code_hash=row[7],
        public_key=row[8],
        token_hash=row[9],
        notice_version=row[10],
        portrait_accepted=bool(row[11]),
        identity_checked_by_hand=bool(row[12]),
        hand_raised=bool(row[13]),
        break_started_ms=row[14],
        joined_ms=row[15],
        finished_ms=row[16],
        epoch=row[17],
        last_sequence=row[18],
        admitted_late_ms=row[19],
        roster_minutes=row[20],
        switched_off=frozenset(Category(name) for name in row[21].split()),
        hand_presses=row[22],
    )
