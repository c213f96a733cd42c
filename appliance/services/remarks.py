"""A candidate's own remark: sealed the moment it arrives, and part of the sealed record from the
close on. It never lies plain on the disk: people write names and reasons into it."""

from __future__ import annotations

from appliance.core.exam import Exam
from appliance.core.ids import AttemptId
from appliance.core.ports import SnippetStore
from appliance.core.snippet import ObjectKind, StoredObject
from appliance.services.sealed_objects import SealedObjects


class Remarks:
    def __init__(self, objects: SealedObjects, rows: SnippetStore) -> None:
        self._objects = objects
        self._rows = rows

    async def keep(self, exam: Exam, attempt: AttemptId, text: str) -> StoredObject:
        """In place of an earlier one. Raise Locked when the exam's keys are not here."""
        before = await self._rows.objects(attempt, ObjectKind.REMARK)
        number = max((o.header.sequence for o in before), default=0) + 1
        kept = await self._objects.seal_and_keep(
            exam, attempt, ObjectKind.REMARK, number, text.encode()
        )
        for older in before:
            await self._objects.remove(older)
        return kept

    async def of(self, attempt: AttemptId) -> str:
        """Empty when there is none; raise Locked."""
        kept = await self._rows.objects(attempt, ObjectKind.REMARK)
        if not kept:
            return ""
        newest = max(kept, key=lambda o: o.header.sequence)
        return (await self._objects.open(newest)).decode()

    async def there(self, attempt: AttemptId) -> bool:
        return bool(await self._rows.objects(attempt, ObjectKind.REMARK))

    async def take_back(self, kept: StoredObject) -> None:
        await self._objects.remove(kept)

    async def remove(self, attempt: AttemptId) -> None:
        """Idempotent: the record holds it now."""
        for kept in await self._rows.objects(attempt, ObjectKind.REMARK):
            await self._objects.remove(kept)
