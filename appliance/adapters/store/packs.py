"""The night's journal on SQLite."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

import apsw

from appliance.adapters.store.database import Database
from appliance.adapters.store.uploads import forget_pack
from appliance.core.batch import Flagged, PackPlan
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import AttemptId, ExamId, ObjectName, PackName
from appliance.core.pack_journal import (
    JournalledManifest,
    JournalledPack,
    PackHead,
    PackState,
    Tombstone,
    Unpacked,
)
from appliance.core.snippet import ObjectHeader, ObjectKind, PriorityClass, StoredObject

_COLUMNS = (
    "number, name, exam_id, attempt_id, box_id, priority, size, state, sha256, crc32c, manifest, "
    "confirmed_ms"
)


class Packs:
    """Implements `core.pack_journal.PackJournal`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def flag(self, exam: ExamId, attempt: AttemptId, sequences: Collection[int]) -> None:
        rows = [(exam, attempt, sequence) for sequence in sequences]
        await self._database.run(
            lambda connection: connection.executemany(
                "INSERT OR IGNORE INTO flagged_snippets VALUES (?, ?, ?)", rows
            )
        )

    async def flagged(self, exam: ExamId) -> Flagged:
        def find(connection: apsw.Connection) -> Flagged:
            found: dict[AttemptId, set[int]] = defaultdict(set)
            for attempt, sequence in connection.execute(
                "SELECT attempt_id, sequence FROM flagged_snippets WHERE exam_id = ?", (exam,)
            ):
                found[attempt].add(sequence)
            return dict(found)

        return await self._database.read(find)

    async def plan(self, packs: Sequence[tuple[PackName, PackPlan]]) -> None:
        def insert(connection: apsw.Connection) -> None:
            try:
                for name, pack in packs:
                    _insert_pack(connection, name, pack)
            except apsw.ConstraintError as error:
                raise Conflict("An object is in a pack already: look again, then plan.") from error

        await self._database.run(insert)

    async def packs(self, exam: ExamId) -> Sequence[JournalledPack]:
        def find(connection: apsw.Connection) -> list[JournalledPack]:
            objects: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
            for row in connection.execute(
                "SELECT o.pack, o.object, o.kind, o.sequence, o.epoch, o.size, o.sha256, "
                "o.stored_ms FROM pack_objects AS o JOIN packs AS p ON p.number = o.pack "
                "WHERE p.exam_id = ? ORDER BY o.pack, o.position",
                (exam,),
            ):
                objects[row[0]].append(row[1:])
            return [
                _pack(row[1:], objects[row[0]])
                for row in connection.execute(
                    f"SELECT {_COLUMNS} FROM packs WHERE exam_id = ? ORDER BY number",
                    (exam,),
                )
            ]

        return await self._database.read(find)

    async def heads(self, exam: ExamId) -> Sequence[PackHead]:
        return await self._database.read(
            lambda connection: [
                PackHead(
                    number=row[0],
                    name=row[1],
                    # Thousands of heads share these two: held once, a head is a third smaller.
                    exam_id=ExamId(sys.intern(row[2])),
                    attempt_id=AttemptId(sys.intern(row[3])),
                    priority=PriorityClass(row[4]),
                    size=row[5],
                    state=PackState(row[6]),
                    crc32c=row[7],
                    manifest=row[8],
                    objects=row[9],
                    sha256=row[10],
                    confirmed_ms=row[11],
                )
                for row in connection.execute(
                    "SELECT number, name, exam_id, attempt_id, priority, size, state, crc32c, "
                    "manifest, (SELECT COUNT(*) FROM pack_objects WHERE pack = number), sha256, "
                    "confirmed_ms "
                    "FROM packs WHERE exam_id = ? ORDER BY number",
                    (exam,),
                )
            ]
        )

    async def pack(self, name: PackName) -> JournalledPack:
        def find(connection: apsw.Connection) -> JournalledPack:
            row = connection.execute(f"SELECT {_COLUMNS} FROM packs WHERE name = ?", (name,)).get
            if row is None:
                raise NotFound("There is no such pack in the journal.")
            objects = connection.execute(
                "SELECT object, kind, sequence, epoch, size, sha256, stored_ms FROM pack_objects "
                "WHERE pack = ? ORDER BY position",
                (row[0],),
            ).fetchall()
            return _pack(row[1:], objects)

        return await self._database.read(find)

    async def packed(self, attempt: AttemptId) -> Collection[ObjectName]:
        return await self._database.read(
            lambda connection: {
                ObjectName(name)
                for (name,) in connection.execute(
                    "SELECT o.object FROM pack_objects AS o JOIN packs AS p ON p.number = o.pack "
                    "WHERE p.attempt_id = ?",
                    (attempt,),
                )
            }
        )

    async def unpacked(self, exam: ExamId) -> Sequence[Unpacked]:
        footage = (int(ObjectKind.SNIPPET), int(ObjectKind.THUMBNAIL))
        return await self._database.read(
            lambda connection: [
                Unpacked(
                    attempt_id=row[0], kind=ObjectKind(row[1]), near=bool(row[2]), bytes=row[3]
                )
                for row in connection.execute(
                    "SELECT o.attempt_id, o.kind, f.sequence IS NOT NULL AS near, SUM(o.size) "
                    "FROM objects AS o LEFT JOIN pack_objects AS p ON p.object = o.name "
                    "LEFT JOIN flagged_snippets AS f ON f.attempt_id = o.attempt_id "
                    "AND f.sequence = o.sequence AND o.kind IN (?, ?) "
                    "WHERE o.exam_id = ? AND p.object IS NULL GROUP BY 1, 2, 3",
                    (*footage, exam),
                )
            ]
        )

    async def uploaded(self, name: PackName, *, sha256: str, crc32c: str) -> None:
        """A confirmed pack stays confirmed; raises NotFound for a name never planned."""

        def update(connection: apsw.Connection) -> None:
            known = connection.execute("SELECT state FROM packs WHERE name = ?", (name,)).get
            if known is None:
                raise NotFound("There is no such pack in the journal.")
            connection.execute(
                "UPDATE packs SET state = 'uploaded', sha256 = ?, crc32c = ? "
                "WHERE name = ? AND state = 'planned'",
                (sha256, crc32c, name),
            )
            forget_pack(connection, name)

        await self._database.run(update)

    async def add_manifest(self, manifest: JournalledManifest, packs: Collection[PackName]) -> None:
        def insert(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    "INSERT INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        manifest.name,
                        manifest.exam_id,
                        manifest.number,
                        manifest.payload,
                        manifest.signature,
                        manifest.public_key,
                        manifest.closes,
                        manifest.confirmed_ms,
                    ),
                )
            except apsw.ConstraintError as error:
                raise Conflict(
                    "That manifest is written already: another run was first."
                ) from error
            for name in packs:
                connection.execute(
                    "UPDATE packs SET manifest = ? "
                    "WHERE name = ? AND exam_id = ? AND state = 'uploaded' AND manifest IS NULL",
                    (manifest.number, name, manifest.exam_id),
                )
                if connection.changes() != 1:
                    raise Conflict("A pack is in a manifest already: another run was first.")

        await self._database.run(insert)

    async def manifests(self, exam: ExamId) -> AsyncIterator[JournalledManifest]:
        numbers = await self._database.read(
            lambda connection: [
                int(number)
                for (number,) in connection.execute(
                    "SELECT number FROM manifests WHERE exam_id = ? ORDER BY number", (exam,)
                )
            ]
        )
        for number in numbers:
            yield await self._manifest(exam, number)

    async def _manifest(self, exam: ExamId, number: int) -> JournalledManifest:
        def find(connection: apsw.Connection) -> JournalledManifest:
            row = connection.execute(
                "SELECT name, exam_id, number, payload, signature, public_key, closes, "
                "confirmed_ms FROM manifests WHERE exam_id = ? AND number = ?",
                (exam, number),
            ).get
            if row is None:
                raise NotFound("The manifests of this exam were forgotten meanwhile.")
            return JournalledManifest(
                name=row[0],
                exam_id=row[1],
                number=row[2],
                payload=row[3],
                signature=row[4],
                public_key=row[5],
                closes=bool(row[6]),
                confirmed_ms=row[7],
            )

        return await self._database.read(find)

    async def closed(self, exam: ExamId) -> bool:
        return await self._database.read(
            lambda connection: (
                connection.execute(
                    "SELECT 1 FROM manifests WHERE exam_id = ? AND closes", (exam,)
                ).get
                is not None
            )
        )

    async def confirm(self, exam: ExamId, number: int, at_ms: int) -> None:
        def update(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE packs SET state = 'confirmed', confirmed_ms = ? "
                "WHERE exam_id = ? AND manifest = ? AND state = 'uploaded'",
                (at_ms, exam, number),
            )
            connection.execute(
                "UPDATE manifests SET confirmed_ms = ? "
                "WHERE exam_id = ? AND number = ? AND confirmed_ms IS NULL",
                (at_ms, exam, number),
            )

        await self._database.run(update)

    async def add_tombstone(self, tombstone: Tombstone) -> None:
        """Idempotent: the first reason stays."""
        row = (tombstone.exam_id, tombstone.attempt_id, tombstone.at_ms, tombstone.reason)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)", row
            )
        )

    async def tombstones(self) -> Sequence[Tombstone]:
        return await self._database.read(
            lambda connection: [
                Tombstone(exam_id=row[0], attempt_id=row[1], at_ms=row[2], reason=row[3])
                for row in connection.execute(
                    "SELECT exam_id, attempt_id, at_ms, reason FROM tombstones "
                    "ORDER BY at_ms, exam_id, attempt_id"
                )
            ]
        )

    async def forget(self, exam: ExamId) -> None:
        def delete(connection: apsw.Connection) -> None:
            for table in ("packs", "manifests", "flagged_snippets"):
                connection.execute(f"DELETE FROM {table} WHERE exam_id = ?", (exam,))

        await self._database.run(delete)


def _insert_pack(connection: apsw.Connection, name: PackName, pack: PackPlan) -> None:
    connection.execute(
        "INSERT INTO packs (name, exam_id, attempt_id, box_id, priority, size, state) "
        "VALUES (?, ?, ?, ?, ?, ?, 'planned')",
        (
            name,
            pack.exam_id,
            pack.attempt_id,
            pack.objects[0].header.box_id,
            pack.priority.value,
            pack.size,
        ),
    )
    number = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO pack_objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                stored.name,
                number,
                position,
                int(stored.header.kind),
                stored.header.sequence,
                stored.header.epoch,
                stored.size,
                stored.sha256,
                stored.stored_ms,
            )
            for position, stored in enumerate(pack.objects)
        ],
    )


def _pack(row: tuple[Any, ...], objects: Sequence[tuple[Any, ...]]) -> JournalledPack:
    name, exam_id, attempt_id, box_id, priority, size, state, sha256, crc32c, manifest, at = row
    return JournalledPack(
        name=name,
        exam_id=exam_id,
        attempt_id=attempt_id,
        priority=PriorityClass(priority),
        objects=tuple(
            StoredObject(
                name=ObjectName(object_name),
                header=ObjectHeader(
                    kind=ObjectKind(kind),
                    box_id=box_id,
                    exam_id=exam_id,
                    attempt_id=attempt_id,
                    sequence=sequence,
                    epoch=epoch,
                ),
                size=object_size,
                sha256=object_sha256,
                stored_ms=stored_ms,
            )
            for object_name, kind, sequence, epoch, object_size, object_sha256, stored_ms in objects
        ),
        size=size,
        state=PackState(state),
        sha256=sha256,
        crc32c=crc32c,
        manifest=manifest,
        confirmed_ms=at,
    )
