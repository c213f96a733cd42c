"""Small things the box itself must remember over a restart, by name."""

from __future__ import annotations

from appliance.adapters.store.database import Database


class BoxFacts:
    """Bytes by name; the last `put` wins. Not for secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, name: str, value: bytes) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO box_facts VALUES (?, ?)", (name, value)
            )
        )

    async def get(self, name: str) -> bytes | None:
        return await self._database.read(
            lambda connection: (
                connection.execute("SELECT value FROM box_facts WHERE name = ?", (name,)).get
            )
        )
