"""The audit log. The hash chain of `core.audit` is computed inside the writing transaction, so
that gateway and syncer can both append to one chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apsw

from appliance.adapters.store.database import Database
from appliance.core.audit import GENESIS, AuditEntry, entry_hash


class Audit:
    """Implements `core.ports.AuditStore`. `now_ms` tells Unix milliseconds."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._now_ms = now_ms

    async def append(self, actor: str, action: str, purpose: str, about: str) -> AuditEntry:
        at_ms = self._now_ms()

        def insert(connection: apsw.Connection) -> AuditEntry:
            last = connection.execute(
                "SELECT sequence, hash FROM entries ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
            sequence, previous = (1, GENESIS) if last is None else (last[0] + 1, last[1])
            entry = AuditEntry(
                sequence=sequence,
                at_ms=at_ms,
                actor=actor,
                action=action,
                purpose=purpose,
                about=about,
                previous=previous,
                hash=entry_hash(previous, sequence, at_ms, actor, action, purpose, about),
            )
            connection.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (sequence, at_ms, actor, action, purpose, about, previous, entry.hash),
            )
            return entry

        return await self._database.run(insert)

    async def entries(self, after: int = 0) -> Sequence[AuditEntry]:
        """Those with a sequence above `after`, in order."""
        return await self._database.read(
            lambda connection: [
                AuditEntry(
                    sequence=row[0],
                    at_ms=row[1],
                    actor=row[2],
                    action=row[3],
                    purpose=row[4],
                    about=row[5],
                    previous=row[6],
                    hash=row[7],
                )
                for row in connection.execute(
                    "SELECT sequence, at_ms, actor, action, purpose, about, previous, hash "
                    "FROM entries WHERE sequence > ? ORDER BY sequence",
                    (after,),
                )
            ]
        )
