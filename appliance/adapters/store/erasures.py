"""Erasures from decision to certificate, on SQLite."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apsw
import msgspec

from appliance.adapters.store.box_facts import BoxFacts
from appliance.adapters.store.database import Database
from appliance.core.erasure import Erasure
from appliance.core.errors import HallvaktError
from appliance.core.ids import AttemptId
from appliance.whole_file import unwritable

_COPIES_LEFT = "erasure.copies_left"
_BODY = msgspec.json.Decoder(Erasure)
_TABLES = (
    "snippets",
    "objects",
    "observations",
    "incidents",
    "flagged_snippets",
    "refused_snippets",
    "breaks",
    "seats_left",
    "earlier_pages",
    "act_notes",
    "epochs",
    "attempts",
)


class Erasures:
    """Implements `core.erasure.ErasureJournal`. `snapshots`: where an update keeps copies of the
    databases; they go with the first row that is erased, for they hold it too."""

    def __init__(self, database: Database, snapshots: Path | None = None) -> None:
        self._database = database
        self._facts = BoxFacts(database)
        self._snapshots = snapshots

    async def begin(self, erasure: Erasure) -> None:
        body, stone = msgspec.json.encode(erasure), erasure.tombstone

        def insert(connection: apsw.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO erasures VALUES (?, ?, ?, ?, NULL)",
                (erasure.attempt_id, erasure.exam_id, erasure.begun_ms, body),
            )
            connection.execute(
                "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)",
                (stone.exam_id, stone.attempt_id, stone.at_ms, stone.reason),
            )

        await self._database.run(insert)

    async def erasure(self, attempt: AttemptId) -> Erasure | None:
        def find(connection: apsw.Connection) -> Erasure | None:
            body = connection.execute(
                "SELECT body FROM erasures WHERE attempt_id = ?", (attempt,)
            ).get
            return None if body is None else _BODY.decode(body)

        return await self._database.read(find)

    async def unfinished(self) -> Sequence[Erasure]:
        return await self._database.read(
            lambda connection: [
                _BODY.decode(body)
                for (body,) in connection.execute(
                    "SELECT body FROM erasures WHERE certificate IS NULL "
                    "ORDER BY begun_ms, attempt_id"
                )
            ]
        )

    async def finish(self, attempt: AttemptId, certificate: bytes) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE erasures SET certificate = ? WHERE attempt_id = ? AND certificate IS NULL",
                (certificate, attempt),
            )
        )

    async def certificate(self, attempt: AttemptId) -> bytes | None:
        return await self._database.read(
            lambda connection: (
                connection.execute(
                    "SELECT certificate FROM erasures WHERE attempt_id = ?", (attempt,)
                ).get
            )
        )

    async def purge_rows(self, attempt: AttemptId, *, copies_later: bool = False) -> int:
        if await self._database.run(lambda connection: _has_rows(connection, attempt)):
            try:
                await asyncio.to_thread(self._delete_snapshots)
            except HallvaktError:
                if not copies_later:
                    raise
                await self._facts.put(_COPIES_LEFT, b"1")

        def delete(connection: apsw.Connection) -> int:
            count = 0
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE attempt_id = ?", (attempt,))
                count += connection.changes()
            return count

        count = await self._database.run(delete)
        if count:
            await self._database.scrub()
            if not await self.copies_left():
                await asyncio.to_thread(self._delete_snapshots)  # one that was just made
        return count

    async def copies_left(self) -> bool:
        if not await self._facts.get(_COPIES_LEFT):
            return False
        try:
            await asyncio.to_thread(self._delete_snapshots)
        except HallvaktError:
            return True
        await self._facts.put(_COPIES_LEFT, b"")
        return False

    def _delete_snapshots(self) -> None:
        if self._snapshots is None:
            return
        try:
            # Not the directory itself: the janitor, another user, makes the next one in it.
            for copy in self._snapshots.iterdir():
                while os.path.lexists(copy):
                    with suppress(FileNotFoundError):  # somebody else takes it away too, just now
                        shutil.rmtree(copy) if copy.is_dir() else copy.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise unwritable(self._snapshots, error) from error

    async def discard_packs(self, attempt: AttemptId) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM packs WHERE attempt_id = ? AND manifest IS NULL", (attempt,)
            )
        )


def _has_rows(connection: apsw.Connection, attempt: AttemptId) -> bool:
    return any(
        connection.execute(f"SELECT 1 FROM {table} WHERE attempt_id = ? LIMIT 1", (attempt,)).get
        for table in _TABLES
    )
