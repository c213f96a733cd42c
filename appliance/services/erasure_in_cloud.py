"""`attempt erase`, in the cloud copy, and the certificate at the end of it.

The tombstone goes first, so that no reader takes what is missing for damage; then the keys'
envelopes, then ciphertext. Everything is looked for again before the box signs that it is gone.
Each step may be cut: the journal says which erasures have no certificate yet, and they are done
again from the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.core.deletion_certificate import DestroyedInCloud, certificate_payload
from appliance.core.erasure import (
    CERTIFICATE_PURPOSE,
    TOMBSTONE_PURPOSE,
    Erasure,
    ErasureJournal,
    tombstone_payload,
)
from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.pack_journal import PackHead, PackJournal, Tombstone
from appliance.core.ports import AuditStore, Clock, ObjectCloud, RecordCloud
from appliance.services import cloud_documents as documents
from appliance.services.signing import Encode, Signer, Verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """The cloud under an identity that may delete; the nightly writer may not (ruling 12).
    `check` raises Refused when either end is not in the EU/EEA, Unreachable when one
    does not answer: asked before anything is deleted in the store."""

    objects: ObjectCloud
    records: RecordCloud
    check: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`signed` is what is kept: CBOR of {payload, signature, public_key}."""

    attempt_id: AttemptId
    payload: Mapping[str, Any]
    public_key: bytes
    signed: bytes


class CloudErasure:
    """`eraser` None: this box sends nothing anywhere, so there is nothing to delete there."""

    def __init__(
        self,
        erasures: ErasureJournal,
        packs: PackJournal,
        audit: AuditStore,
        signer: Signer,
        *,
        eraser: Eraser | None,
        encode: Encode,
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._packs = packs
        self._audit = audit
        self._signer = signer
        self._eraser = eraser
        self._encode = encode
        self._clock = clock

    async def finish_all(self) -> Sequence[Certificate]:
        """Raise Unreachable when the line or the gateway is not there; call again."""
        return [await self.finish(erasure) for erasure in await self._erasures.unfinished()]

    async def finish(self, erasure: Erasure) -> Certificate:
        mine = [
            pack
            for pack in await self._packs.heads(erasure.exam_id)
            if pack.attempt_id == erasure.attempt_id
        ]
        location = ""
        if self._eraser is not None:
            location = await self._eraser.objects.location()
            await self._destroy(self._eraser, erasure, mine)
        await self._erasures.discard_packs(erasure.attempt_id)
        cloud = DestroyedInCloud(
            location=location, packs=tuple((p.name, p.size, p.sha256) for p in mine)
        )
        payload = certificate_payload(erasure, cloud, self._clock.now_ms())
        encoded = self._encode(payload)
        signed = await self._signer.sign(CERTIFICATE_PURPOSE, encoded)
        content = self._encode(
            {
                "payload": encoded,
                "signature": signed.signature,
                "public_key": signed.public_key,
            }
        )
        await self._audit.append("box", "erasure.finished", "erasure", erasure.attempt_id)
        await self._erasures.finish(erasure.attempt_id, content)
        return Certificate(
            attempt_id=erasure.attempt_id,
            payload=payload,
            public_key=signed.public_key,
            signed=content,
        )

    async def _destroy(self, eraser: Eraser, erasure: Erasure, packs: Sequence[PackHead]) -> None:
        attempt = erasure.attempt_id
        await eraser.records.upsert(documents.TOMBSTONES, [documents.tombstone_document(erasure)])
        await eraser.records.delete(documents.ATTEMPTS, _id=attempt)
        for pack in packs:
            await eraser.objects.delete(f"packs/{pack.name}")
        await eraser.records.delete(documents.PACKS, attempt=attempt)
        # What reviewers looked at stays until the exam's retention ends, as the box's audit does.
        await erase_decisions(eraser.objects, eraser.records, attempt=attempt)
        left: list[object] = [
            *await eraser.records.find(documents.DECISIONS, attempt=attempt),
            *await eraser.records.find(documents.ATTEMPTS, _id=attempt),
            *await eraser.records.find(documents.PACKS, attempt=attempt),
            *[p.name for p in packs if await eraser.objects.stat(f"packs/{p.name}")],
        ]
        if left:
            raise IntegrityFailure(
                "The cloud still holds what it was told to delete: look at the bucket's retention "
                "and the eraser's rights. The erasure is not finished.",
                code="not-erased",
            )


async def erase_decisions(objects: ObjectCloud, records: RecordCloud, **of: str) -> None:
    """Reviewers' decisions of one attempt or exam: the objects first, for the records name them."""
    for row in await records.find(documents.DECISIONS, **of):
        await objects.delete(f"decisions/{row['_id']}")
    await records.delete(documents.DECISIONS, **of)


async def signed_tombstones(
    records: RecordCloud, *, public_keys: set[bytes], verify: Verify, encode: Encode, **equals: str
) -> list[Tombstone]:
    """The tombstones in the cloud that one of `public_keys` signed; others do not count, so that
    whoever runs the database cannot make readers give up what is there."""
    found = []
    for document in await records.find(documents.TOMBSTONES, **equals):
        stone, box, key, signature = _parts(document)
        if key not in public_keys:
            continue
        payload = encode(tombstone_payload(box, stone.exam_id, stone.attempt_id, stone.at_ms))
        try:
            verify(key, TOMBSTONE_PURPOSE, payload, signature)
        except IntegrityFailure:
            continue
        found.append(stone)
    return found


def _parts(document: Mapping[str, Any]) -> tuple[Tombstone, BoxId, bytes, bytes]:
    """Any shape is read; one that is not a tombstone has no valid signature."""
    at_ms = document.get("at_ms")
    stone = Tombstone(
        exam_id=ExamId(str(document.get("exam"))),
        attempt_id=AttemptId(str(document.get("_id"))),
        at_ms=at_ms if isinstance(at_ms, int) else 0,
        reason=documents.ERASED,
    )
    key, signature = document.get("public_key"), document.get("signature")
    return (
        stone,
        BoxId(str(document.get("box"))),
        key if isinstance(key, bytes) else b"",
        signature if isinstance(signature, bytes) else b"",
    )
