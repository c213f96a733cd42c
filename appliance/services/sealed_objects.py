"""Sealing and opening: the only way plaintext reaches the blob directory, and back.

Expected headers come from rows, never from the sealed bytes, so an object that was swapped for
another does not open.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.core.errors import HallvaktError, IntegrityFailure, NoRoom, Unreachable
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId, BoxId, ObjectName
from appliance.core.ports import BlobStore, Clock, Randomness, Sealing, SnippetStore
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject
from appliance.services.key_ring import KeyRing

# Sealing and hashing 512 KiB take about two milliseconds; more goes to a thread.
_INLINE_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    stored: StoredObject
    content: bytes


class SealedObjects:
    def __init__(
        self,
        *,
        keys: KeyRing,
        sealing: Sealing,
        blobs: BlobStore,
        snippets: SnippetStore,
        clock: Clock,
        randomness: Randomness,
        box_id: BoxId,
    ) -> None:
        self._keys = keys
        self._sealing = sealing
        self._blobs = blobs
        self._snippets = snippets
        self._clock = clock
        self._randomness = randomness
        self._box_id = box_id

    async def seal(
        self,
        exam: Exam,
        attempt: AttemptId,
        kind: ObjectKind,
        sequence: int,
        plaintext: bytes,
        *,
        late: bool = False,
    ) -> Sealed:
        """`late`: under a key of its own that is forgotten at once (DESIGN ruling 8). Raise
        Locked when the exam's keys are destroyed."""
        make = self._keys.one_time_key if late else self._keys.attempt_key
        key = await make(exam.exam_id, attempt)
        header = ObjectHeader(
            kind=kind,
            box_id=self._box_id,
            exam_id=exam.exam_id,
            attempt_id=attempt,
            sequence=sequence,
            epoch=key.epoch,
        )

        def work() -> tuple[bytes, str]:
            content = self._sealing.seal(key.secret, header, plaintext)
            return content, hashlib.sha256(content).hexdigest()

        if len(plaintext) > _INLINE_BYTES:
            content, digest = await asyncio.to_thread(work)
        else:
            content, digest = work()
        stored = StoredObject(
            name=ObjectName(self._randomness.new_id()),
            header=header,
            size=len(content),
            sha256=digest,
            stored_ms=self._clock.now_ms(),
        )
        return Sealed(stored=stored, content=content)

    async def keep(self, sealed: Sealed, add_row: Callable[[], Awaitable[None]]) -> None:
        """Blob first, then the row: both durable when this returns. When the row is refused the
        blob goes again; after a crash in between it is left over, never missing. After a write
        that failed nobody knows whether the row is on the disk, so the blob stays."""
        await self._blobs.put(sealed.stored.name, sealed.content)
        try:
            await add_row()
        except HallvaktError as error:
            if isinstance(error, NoRoom) or not isinstance(error, Unreachable):
                await self._blobs.delete(sealed.stored.name)
            raise

    async def seal_and_keep(
        self, exam: Exam, attempt: AttemptId, kind: ObjectKind, sequence: int, plaintext: bytes
    ) -> StoredObject:
        """For what has no row of its own beside the object's."""
        sealed = await self.seal(exam, attempt, kind, sequence, plaintext)
        await self.keep(sealed, lambda: self._snippets.add_object(sealed.stored))
        return sealed.stored

    async def open(self, stored: StoredObject) -> bytes:
        """Raise Locked when the key is not here (any more), IntegrityFailure when the bytes are
        not those that were stored."""
        header = stored.header
        secret = await self._keys.key_for(header.exam_id, header.attempt_id, header.epoch)
        content = await self._blobs.get(stored.name)

        def work() -> bytes:
            if hashlib.sha256(content).hexdigest() != stored.sha256:
                raise IntegrityFailure("A stored object is not what was stored: tell support.")
            return self._sealing.open(secret, header, content)

        if len(content) > _INLINE_BYTES:
            return await asyncio.to_thread(work)
        return work()

    async def remove(self, stored: StoredObject) -> None:
        """The row first: a blob without a row is left over, a row without a blob is a loss."""
        await self._snippets.remove_object(stored.name)
        await self._blobs.delete(stored.name)
