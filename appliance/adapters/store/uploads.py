"""Uploads that were begun, on SQLite."""

from __future__ import annotations

import apsw

from appliance.adapters.store.database import Database
from appliance.core.ids import PackName
from appliance.core.transfer import UnfinishedUpload

_PACKS = "packs/"


def forget_pack(connection: apsw.Connection, name: PackName) -> None:
    """In the transaction that says that the pack is there."""
    connection.execute("DELETE FROM uploads WHERE name = ?", (_PACKS + name,))


class UploadRows:
    """Implements `core.transfer.UploadJournal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, upload: UnfinishedUpload) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?)",
                (upload.name, upload.size, upload.token),
            )
        )

    async def find(self, name: str) -> UnfinishedUpload | None:
        def look(connection: apsw.Connection) -> UnfinishedUpload | None:
            row = connection.execute(
                "SELECT name, size, token FROM uploads WHERE name = ?", (name,)
            ).fetchone()
            return None if row is None else UnfinishedUpload(name=row[0], size=row[1], token=row[2])

        return await self._database.read(look)

    async def arrived(self, name: str) -> None:
        if not name.startswith(_PACKS):  # a pack's row goes with `Packs.uploaded`
            await self.forget(name)

    async def forget(self, name: str) -> None:
        await self._database.run(
            lambda connection: connection.execute("DELETE FROM uploads WHERE name = ?", (name,))
        )
