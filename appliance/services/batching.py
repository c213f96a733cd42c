"""Rows and blobs into packs: planned once, journalled, assembled byte by byte the same again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence

from appliance.core import batch
from appliance.core.batch import PackPlan
from appliance.core.errors import IntegrityFailure
from appliance.core.exam import Exam
from appliance.core.ids import PackName
from appliance.core.pack_journal import JournalledPack, PackJournal
from appliance.core.ports import AttemptStore, BlobStore, Randomness, SnippetStore
from appliance.services.described import SHARED


class Batching:
    """`pack_bytes`: how far a pack is filled; packs of an earlier night stay as planned."""

    def __init__(
        self,
        attempts: AttemptStore,
        snippets: SnippetStore,
        blobs: BlobStore,
        journal: PackJournal,
        randomness: Randomness,
        *,
        pack_bytes: int = batch.PACK_BYTES,
    ) -> None:
        self._attempts = attempts
        self._snippets = snippets
        self._blobs = blobs
        self._journal = journal
        self._randomness = randomness
        self._pack_bytes = pack_bytes

    async def forecast(self, exam: Exam) -> AsyncIterator[Sequence[PackPlan]]:
        """What is in scope and in no pack yet, one attempt after another."""
        flagged = await self._journal.flagged(exam.exam_id)
        for attempt in await self._attempts.of_exam(exam.exam_id):
            packed = await self._journal.packed(attempt.attempt_id)
            objects = await self._snippets.objects(attempt.attempt_id)
            yield batch.plan(
                [stored for stored in objects if stored.name not in packed],
                flagged,
                exam.settings.sync,
                pack_bytes=self._pack_bytes,
            )

    async def plan(self, exam: Exam) -> None:
        """Journal packs for everything in scope that is in none yet.

        Packs of an exam share the beginning of their names, so that one listing of the store tells
        of all of them; the rest is random.
        """
        known = await self._journal.heads(exam.exam_id)
        shared = (known[0].name if known else self._randomness.new_id())[:SHARED]
        async for plans in self.forecast(exam):
            await self._journal.plan([(self._name(shared), plan) for plan in plans])

    def _name(self, shared: str) -> PackName:
        return PackName(shared + self._randomness.new_id()[len(shared) :])

    async def assemble(self, pack: JournalledPack) -> memoryview:
        """The pack's bytes, at most `batch.PACK_BYTES`; the same for the same pack.

        Raise IntegrityFailure when an object is missing or not what its row says: the box's disk
        is failing, and what it gives must not pass for what was acknowledged.
        """
        content, at = bytearray(pack.size), 0  # filled in place: a second copy would be 16 MiB
        for stored in pack.objects:
            sealed = await self._blobs.get(stored.name)
            digest = await asyncio.to_thread(_sha256, sealed)
            if (len(sealed), digest) != (stored.size, stored.sha256):
                raise IntegrityFailure(
                    f"The stored object {stored.name} is not what was stored: check the box's "
                    "disk, then stop the box and run `hallvakt repair`, which names it and lets "
                    "the rest be sent."
                )
            content[at : at + stored.size] = sealed
            at += stored.size
        return memoryview(content).toreadonly()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
