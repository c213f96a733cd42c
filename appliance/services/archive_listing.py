"""What an exam's cloud copy must hold, believed from signed manifests only.

The cloud is not trusted: a listing is built from manifests whose signature is a known box's, whose
chain has no gap and whose close record counts what is there. Everything later (packs, objects,
envelopes) is compared with this listing, never with what the database says about itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from appliance.core import manifest as manifests
from appliance.core import manifest_payload
from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, RecipientId
from appliance.core.keys import Envelope
from appliance.core.manifest import Chain, Entry, PackEntry
from appliance.core.ports import RecordCloud
from appliance.core.snippet import ObjectHeader
from appliance.services import cloud_documents as documents
from appliance.services.signing import MANIFEST, Decode, Verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One object and where its pack holds it."""

    entry: Entry
    offset: int

    def header(self, listing: Listing) -> ObjectHeader:
        """What the object must say of itself to be opened."""
        return ObjectHeader(
            kind=self.entry.kind,
            box_id=listing.box_id,
            exam_id=listing.exam_id,
            attempt_id=self.entry.attempt_id,
            sequence=self.entry.sequence,
            epoch=self.entry.epoch,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`public_key` is the box's that signed; `manifests` their names in the object store.
    `envelopes` are those whose digest is in a manifest; a missing one makes no listing fail,
    for erasure deletes envelopes."""

    box_id: BoxId
    exam_id: ExamId
    public_key: bytes
    chain: Chain
    packs: tuple[PackEntry, ...]
    objects: Mapping[ObjectName, Placed]
    envelopes: Mapping[AttemptId, tuple[Envelope, ...]]
    manifests: Mapping[str, Mapping[str, bytes]]

    def of_attempt(self, attempt: AttemptId) -> list[Placed]:
        return [p for p in self.objects.values() if p.entry.attempt_id == attempt]


async def read_listing(
    records: RecordCloud,
    exam: ExamId,
    *,
    verify: Verify,
    decode: Decode,
    trusted: Collection[bytes] = (),
) -> Listing:
    """The listing of one exam.

    `trusted` are public keys of boxes; when empty, one key must have signed everything and the
    caller shows its fingerprint to a person. Raises NotFound when nothing of the exam is there,
    IntegrityFailure when anything does not fit.
    """
    written = sorted(
        await records.find(documents.MANIFESTS, exam=exam), key=lambda d: _integer(d, "number")
    )
    if not written:
        raise NotFound("The cloud copy has no such exam: check the exam's id.")
    public_key = _bytes(written[0], "public_key")
    if trusted and public_key not in trusted:
        raise IntegrityFailure(
            "The manifests are signed by a box that is not yours: compare the fingerprint with "
            "the one on the box's card.",
            code="foreign-key",
        )
    chain: Chain | None = None
    packs: list[PackEntry] = []
    objects: dict[ObjectName, Placed] = {}
    digests: dict[tuple[str, int, str], bytes] = {}
    for document in written:
        payload = _bytes(document, "payload")
        verify(public_key, MANIFEST, payload, _bytes(document, "signature"))
        manifest = manifest_payload.parse(decode(payload))
        if chain is None:
            chain = Chain(box_id=manifest.box_id, exam_id=exam)
        chain = manifests.check(chain, manifest, hashlib.sha256(payload).digest())
        packs += manifest.packs
        _place(manifest.packs, manifest.entries, objects)
        for e in manifest.envelopes:
            digests[e.attempt_id, e.epoch, e.recipient_id] = e.sha256
    assert chain is not None  # there is at least one manifest
    manifests.check_complete(chain)
    return Listing(
        box_id=chain.box_id,
        exam_id=exam,
        public_key=public_key,
        chain=chain,
        packs=tuple(packs),
        objects=objects,
        envelopes=await _envelopes(records, exam, digests),
        manifests={
            str(d["_id"]): {key: _bytes(d, key) for key in documents.MANIFEST_OBJECT}
            for d in written
        },
    )


def _place(
    packs: Collection[PackEntry], entries: Collection[Entry], into: dict[ObjectName, Placed]
) -> None:
    """Entries stand in the order in which their pack holds them, without gaps."""
    ends = {pack.name: 0 for pack in packs}
    for entry in entries:
        if entry.name in into:
            raise IntegrityFailure("A manifest lists an object twice.", code="object-twice")
        into[entry.name] = Placed(entry=entry, offset=ends[entry.pack])
        ends[entry.pack] += entry.size
    if any(ends[pack.name] != pack.size for pack in packs):
        raise IntegrityFailure(
            "A manifest lists objects that do not fill their pack.", code="pack-size"
        )


async def _envelopes(
    records: RecordCloud, exam: ExamId, digests: Mapping[tuple[str, int, str], bytes]
) -> dict[AttemptId, tuple[Envelope, ...]]:
    found: dict[AttemptId, tuple[Envelope, ...]] = {}
    for document in await records.find(documents.ATTEMPTS, exam=exam):
        attempt = AttemptId(str(document.get("_id")))
        rows = document.get("envelopes")
        envelopes = []
        for row in rows if isinstance(rows, list) else ():
            epoch, recipient = _integer(row, "epoch"), str(row.get("recipient"))
            sealed_key = _bytes(row, "sealed_key")
            if digests.get((attempt, epoch, recipient)) != hashlib.sha256(sealed_key).digest():
                raise IntegrityFailure(
                    "An envelope in the database is not one that the box sent: do not use it.",
                    code="foreign-envelope",
                )
            envelopes.append(
                Envelope(
                    exam_id=exam,
                    attempt_id=attempt,
                    epoch=epoch,
                    recipient_id=RecipientId(recipient),
                    sealed_key=sealed_key,
                )
            )
        found[attempt] = tuple(envelopes)
    return found


def _bytes(document: Mapping[str, object], key: str) -> bytes:
    value = document.get(key)
    if not isinstance(value, bytes):
        raise IntegrityFailure(f"A record in the database is damaged: {key} is missing.")
    return value


def _integer(document: Mapping[str, object], key: str) -> int:
    value = document.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise IntegrityFailure(f"A record in the database is damaged: {key} is missing.")
    return value
