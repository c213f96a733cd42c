"""Exams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from appliance.adapters.store.database import Database
from appliance.core.errors import Conflict, NotFound, WrongState
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import ExamId
from appliance.core.settings import ExamSettings
from appliance.core.settings_hash import canonical_json

_COLUMNS = (
    "exam_id, code, state, settings, settings_hash, created_ms, opened_ms, started_ms, closed_ms"
)
_SELECT = f"SELECT {_COLUMNS} FROM exams"
_SETTINGS = msgspec.json.Decoder(ExamSettings)


class Exams:
    """Implements `core.ports.ExamStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, exam: Exam) -> None:
        def insert(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    f"INSERT INTO exams ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(exam)
                )
            except apsw.ConstraintError as error:
                raise Conflict(
                    "Another exam that is not closed has this code: choose another code."
                ) from error

        await self._database.run(insert)

    async def get(self, exam: ExamId) -> Exam:
        return await self._one(f"{_SELECT} WHERE exam_id = ?", exam)

    async def by_code(self, code: str) -> Exam:
        return await self._one(
            f"{_SELECT} WHERE code = ? AND state IN ('draft', 'ready', 'open', 'live')", code
        )

    async def all(self) -> Sequence[Exam]:
        """The oldest first."""
        return await self._database.read(
            lambda connection: [
                _exam(row) for row in connection.execute(f"{_SELECT} ORDER BY created_ms, exam_id")
            ]
        )

    async def replace(self, exam: Exam, *, expected: ExamState) -> None:
        def update(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    f"UPDATE exams SET ({_COLUMNS}) = (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "WHERE exam_id = ? AND state = ?",
                    (*_row(exam), exam.exam_id, expected.value),
                )
            except apsw.ConstraintError as error:
                raise Conflict(
                    "Another exam that is not closed has this code: choose another code."
                ) from error
            if connection.changes() == 1:
                return
            state = connection.execute(
                "SELECT state FROM exams WHERE exam_id = ?", (exam.exam_id,)
            ).get
            if state is None:
                raise _no_exam()
            raise WrongState(
                f"The exam is {state} by now, not {expected.value}: look again, then decide."
            )

        await self._database.run(update)

    async def _one(self, query: str, key: str) -> Exam:
        def find(connection: apsw.Connection) -> Exam:
            row = connection.execute(query, (key,)).fetchone()
            if row is None:
                raise _no_exam()
            return _exam(row)

        return await self._database.read(find)


def _no_exam() -> NotFound:
    return NotFound("There is no such exam on this box: check the code or the id.")


def _row(exam: Exam) -> tuple[Any, ...]:
    return (
        exam.exam_id,
        exam.code,
        exam.state.value,
        canonical_json(exam.settings),
        exam.settings_hash,
        exam.created_ms,
        exam.opened_ms,
        exam.started_ms,
        exam.closed_ms,
    )


def _exam(row: tuple[Any, ...]) -> Exam:
    exam_id, code, state, settings, settings_hash, created, opened, started, closed = row
    return Exam(
        exam_id=exam_id,
        code=code,
        state=ExamState(state),
        settings=_SETTINGS.decode(settings),
        settings_hash=settings_hash,
        created_ms=created,
        opened_ms=opened,
        started_ms=started,
        closed_ms=closed,
    )
