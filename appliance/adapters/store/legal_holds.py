"""Legal holds, on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.adapters.store.database import Database
from appliance.core.ids import ExamId
from appliance.core.legal_hold import LegalHold

_SELECT = "SELECT exam_id, since_ms, by_user, reason FROM legal_holds"


class Holds:
    """Implements `core.legal_hold.LegalHolds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, hold: LegalHold) -> None:
        row = (hold.exam_id, hold.since_ms, hold.by, hold.reason)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO legal_holds VALUES (?, ?, ?, ?)", row
            )
        )

    async def get(self, exam: ExamId) -> LegalHold | None:
        row = await self._database.read(
            lambda connection: connection.execute(
                f"{_SELECT} WHERE exam_id = ?", (exam,)
            ).fetchone()
        )
        return None if row is None else _hold(row)

    async def release(self, exam: ExamId) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM legal_holds WHERE exam_id = ?", (exam,)
            )
        )

    async def all(self) -> Sequence[LegalHold]:
        return await self._database.read(
            lambda connection: [
                _hold(row) for row in connection.execute(f"{_SELECT} ORDER BY since_ms, exam_id")
            ]
        )


def _hold(row: tuple[Any, ...]) -> LegalHold:
    return LegalHold(exam_id=row[0], since_ms=row[1], by=row[2], reason=row[3])
