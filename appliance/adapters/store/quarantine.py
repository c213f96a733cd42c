"""Objects without a row, on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from appliance.adapters.store.database import Database
from appliance.core.ids import AttemptId, ExamId, ObjectName
from appliance.core.quarantine import Aside, Quarantined
from appliance.core.snippet import ObjectHeader, ObjectKind


class QuarantineRows:
    """Implements `core.quarantine.Quarantine`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def without_row(self, names: Collection[ObjectName]) -> Sequence[ObjectName]:
        known = await self._database.read(
            lambda connection: {
                name
                for (name,) in connection.execute(
                    "SELECT name FROM objects UNION ALL SELECT name FROM quarantine"
                )
            }
        )
        return sorted(set(names) - known)

    async def put(self, found: Quarantined) -> None:
        row = (found.name, *_columns(found.header), found.size, found.sha256, found.found_ms)
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, found.why.value),
            )
        )

    async def all(self) -> Sequence[Quarantined]:
        return await self._select("", ())

    async def of_exam(self, exam: ExamId) -> Sequence[Quarantined]:
        return await self._select("WHERE exam_id = ?", (exam,))

    async def of_attempt(self, attempt: AttemptId) -> Sequence[Quarantined]:
        return await self._select("WHERE attempt_id = ?", (attempt,))

    async def remove(self, name: ObjectName) -> None:
        await self._database.run(
            lambda connection: connection.execute("DELETE FROM quarantine WHERE name = ?", (name,))
        )

    async def _select(self, where: str, keys: tuple[str, ...]) -> list[Quarantined]:
        return await self._database.read(
            lambda connection: [
                _quarantined(row)
                for row in connection.execute(
                    f"SELECT * FROM quarantine {where} ORDER BY found_ms, name", keys
                )
            ]
        )


def _columns(header: ObjectHeader | None) -> tuple[Any, ...]:
    if header is None:
        return (None,) * 6
    place = (int(header.kind), header.box_id, header.exam_id, header.attempt_id)
    return (*place, header.sequence, header.epoch)


def _quarantined(row: tuple[Any, ...]) -> Quarantined:
    name, kind, box_id, exam_id, attempt_id, sequence, epoch, size, sha256, found_ms, why = row
    header = None
    if kind is not None:
        header = ObjectHeader(
            kind=ObjectKind(kind),
            box_id=box_id,
            exam_id=exam_id,
            attempt_id=attempt_id,
            sequence=sequence,
            epoch=epoch,
        )
    return Quarantined(
        name=name, header=header, size=size, sha256=sha256, found_ms=found_ms, why=Aside(why)
    )
