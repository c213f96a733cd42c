"""Rows of sealed objects, and what is known about the snippets among them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import apsw

from appliance.adapters.store.database import Database
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import AttemptId, ExamId, ObjectName
from appliance.core.snippet import ObjectHeader, ObjectKind, Snippet, StoredObject

_OBJECT = (
    "o.name, o.kind, o.box_id, o.exam_id, o.attempt_id, o.sequence, o.epoch, o.size, o.sha256, "
    "o.stored_ms"
)
_SNIPPETS = (
    f"SELECT {_OBJECT}, s.plain_sha256, s.plain_size, s.started_ms, s.duration_s, s.late, "
    "s.analysed FROM snippets AS s JOIN objects AS o ON o.name = s.object"
)


class Snippets:
    """Implements `core.ports.SnippetStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_snippet(self, snippet: Snippet) -> None:
        def insert(connection: apsw.Connection) -> None:
            try:
                insert_object(connection, snippet.stored)
                connection.execute(
                    "INSERT INTO snippets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        snippet.attempt_id,
                        snippet.sequence,
                        snippet.stored.name,
                        snippet.plain_sha256,
                        snippet.plain_size,
                        snippet.started_ms,
                        float(snippet.duration_s),
                        snippet.late,
                        snippet.analysed,
                    ),
                )
            except apsw.ConstraintError as error:
                raise Conflict(
                    f"Snippet {snippet.sequence} of this attempt is already kept."
                ) from error

        await self._database.run(insert)

    async def snippet(self, attempt: AttemptId, sequence: int) -> Snippet | None:
        found = await self._snippets("WHERE s.attempt_id = ? AND s.sequence = ?", attempt, sequence)
        return found[0] if found else None

    async def snippets(self, attempt: AttemptId) -> Sequence[Snippet]:
        """In the order of their numbers."""
        return await self._snippets("WHERE s.attempt_id = ? ORDER BY s.sequence", attempt)

    async def mark_analysed(self, attempt: AttemptId, sequence: int) -> None:
        """Idempotent; raises NotFound when there is no such snippet."""

        def update(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE snippets SET analysed = 1 WHERE attempt_id = ? AND sequence = ?",
                (attempt, sequence),
            )
            if connection.changes() == 0:
                raise NotFound(f"There is no snippet {sequence} of this attempt.")

        await self._database.run(update)

    async def mark_refused(self, attempt: AttemptId, sequence: int) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO refused_snippets VALUES (?, ?)", (attempt, sequence)
            )
        )

    async def refused(self, attempt: AttemptId) -> Collection[int]:
        return await self._database.read(
            lambda connection: {
                number
                for (number,) in connection.execute(
                    "SELECT sequence FROM refused_snippets WHERE attempt_id = ?", (attempt,)
                )
            }
        )

    async def not_analysed(self, exam: ExamId) -> Sequence[Snippet]:
        """The oldest first; never late ones, which nobody looks at on the box."""
        return await self._snippets(
            "WHERE s.analysed = 0 AND s.late = 0 AND o.exam_id = ? "
            "ORDER BY s.started_ms, s.attempt_id, s.sequence",
            exam,
        )

    async def add_object(self, stored: StoredObject) -> None:
        def insert(connection: apsw.Connection) -> None:
            try:
                insert_object(connection, stored)
            except apsw.ConstraintError as error:
                raise Conflict("An object of this name is already kept.") from error

        await self._database.run(insert)

    async def objects(
        self, attempt: AttemptId, kind: ObjectKind | None = None
    ) -> Sequence[StoredObject]:
        """Snippets too; by kind, then number."""
        only_kind = "" if kind is None else f"AND o.kind = {int(kind)} "
        return await self._objects(
            f"WHERE o.attempt_id = ? {only_kind}ORDER BY o.kind, o.sequence, o.stored_ms, o.rowid",
            attempt,
        )

    async def objects_of_exam(self, exam: ExamId) -> Sequence[StoredObject]:
        return await self._objects(
            "WHERE o.exam_id = ? ORDER BY o.attempt_id, o.kind, o.sequence, o.stored_ms, o.rowid",
            exam,
        )

    async def remove_object(self, name: ObjectName) -> None:
        """Idempotent. The row of a snippet goes with its object."""
        await self._database.run(
            lambda connection: connection.execute("DELETE FROM objects WHERE name = ?", (name,))
        )

    async def _snippets(self, where: str, *keys: str | int) -> list[Snippet]:
        return await self._database.read(
            lambda connection: [
                _snippet(row) for row in connection.execute(f"{_SNIPPETS} {where}", keys)
            ]
        )

    async def _objects(self, where: str, key: str) -> list[StoredObject]:
        return await self._database.read(
            lambda connection: [
                _stored(row)
                for row in connection.execute(f"SELECT {_OBJECT} FROM objects AS o {where}", (key,))
            ]
        )


def insert_object(connection: apsw.Connection, stored: StoredObject) -> None:
    header = stored.header
    connection.execute(
        "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            stored.name,
            int(header.kind),
            header.box_id,
            header.exam_id,
            header.attempt_id,
            header.sequence,
            header.epoch,
            stored.size,
            stored.sha256,
            stored.stored_ms,
        ),
    )


def _stored(row: tuple[Any, ...]) -> StoredObject:
    name, kind, box_id, exam_id, attempt_id, sequence, epoch, size, sha256, stored_ms = row[:10]
    return StoredObject(
        name=name,
        header=ObjectHeader(
            kind=ObjectKind(kind),
            box_id=box_id,
            exam_id=exam_id,
            attempt_id=attempt_id,
            sequence=sequence,
            epoch=epoch,
        ),
        size=size,
        sha256=sha256,
        stored_ms=stored_ms,
    )


def _snippet(row: tuple[Any, ...]) -> Snippet:
    plain_sha256, plain_size, started_ms, duration_s, late, analysed = row[10:]
    stored = _stored(row)
    return Snippet(
        attempt_id=stored.header.attempt_id,
        sequence=stored.header.sequence,
        plain_sha256=plain_sha256,
        plain_size=plain_size,
        started_ms=started_ms,
        duration_s=duration_s,
        stored=stored,
        late=bool(late),
        analysed=bool(analysed),
    )
