"""Rows and blobs into packs: planned once, journalled, assembled byte by byte the same again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from appliance.core import batch
from appliance.core.batch import PackPlan
from appliance.core.errors import IntegrityFailure
from appliance.core.exam import Exam
from appliance.core.ids import PackName
from appliance.core.pack_journal import JournalledPack, PackJournal
from appliance.core.ports import BlobStore, Randomness, SnippetStore


class Batching:
    def __init__(
        self,
        snippets: SnippetStore,
        blobs: BlobStore,
        journal: PackJournal,
        randomness: Randomness,
    ) -> None:
        self._snippets = snippets
        self._blobs = blobs
        self._journal = journal
        self._randomness = randomness

    async def forecast(self, exam: Exam) -> Sequence[PackPlan]:
        """What is in scope and in no pack yet, as packs in the order of the night."""
        packed = {o.name for pack in await self._journal.packs(exam.exam_id) for o in pack.objects}
        objects = await self._snippets.objects_of_exam(exam.exam_id)
        return batch.plan(
            [stored for stored in objects if stored.name not in packed],
            await self._journal.flagged(exam.exam_id),
            exam.settings.sync,
        )

    async def plan(self, exam: Exam) -> None:
        """Journal packs for everything in scope that is in none yet."""
        plans = await self.forecast(exam)
        await self._journal.plan([(PackName(self._randomness.new_id()), plan) for plan in plans])

    async def assemble(self, pack: JournalledPack) -> bytes:
        """The pack's bytes, at most `batch.PACK_BYTES`; the same for the same pack.

        Raise IntegrityFailure when an object is missing or not what its row says: the box's disk
        is failing, and what it gives must not pass for what was acknowledged.
        """
        content = bytearray()
        for stored in pack.objects:
            sealed = await self._blobs.get(stored.name)
            digest = await asyncio.to_thread(_sha256, sealed)
            if (len(sealed), digest) != (stored.size, stored.sha256):
                raise IntegrityFailure(
                    "A stored object is not what was stored: check the box's disk, and keep the "
                    "box as it is."
                )
            content += sealed
        return bytes(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
