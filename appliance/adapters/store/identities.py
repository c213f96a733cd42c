"""Who sits where: one sealed object per exam, in a database of its own."""

from __future__ import annotations

from appliance.adapters.store.database import Database
from appliance.core.ids import ExamId


class Identities:
    """Implements `core.ports.IdentityStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, exam: ExamId, sealed: bytes) -> None:
        """Replaces what was there."""
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO identities VALUES (?, ?)", (exam, sealed)
            )
        )

    async def get(self, exam: ExamId) -> bytes | None:
        return await self._database.read(
            lambda connection: (
                connection.execute("SELECT sealed FROM identities WHERE exam_id = ?", (exam,)).get
            )
        )

    async def delete(self, exam: ExamId) -> None:
        """Idempotent; also out of the write-ahead log."""
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM identities WHERE exam_id = ?", (exam,)
            )
        )
        await self._database.scrub()
