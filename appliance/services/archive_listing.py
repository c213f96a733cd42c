"""What an exam's cloud copy must hold, believed from signed manifests only.

The cloud is not trusted: a listing is built from manifests whose signature is a known box's, whose
chain has no gap and whose close record counts what is there. Everything later (packs, objects,
envelopes) is compared with this listing, never with what the database says about itself.

A long exam of a large hall has hundreds of thousands of objects. `walk` has those of one manifest
in memory at a time; `read_listing` keeps of all of them what finds them again, packed.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass

from appliance.core import manifest as manifests
from appliance.core import manifest_payload
from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import AttemptId, BoxId, ExamId, PackName, RecipientId
from appliance.core.keys import Envelope
from appliance.core.manifest import Chain, Manifest, PackEntry
from appliance.core.many import Names
from appliance.core.ports import RecordCloud
from appliance.services import cloud_documents as documents
from appliance.services.placed_rows import Placed, PlacedRows
from appliance.services.signing import MANIFEST, Decode, Verify

_Digests = dict[tuple[str, int, str], bytes]  # of envelopes, by attempt, epoch and recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One manifest, signed and the next of its exam; `chain` with it. `name` and `signed` are its
    object in the object store; `in_pack` its objects by pack, in their order there."""

    name: str
    signed: Mapping[str, bytes]
    public_key: bytes
    manifest: Manifest
    chain: Chain
    in_pack: Mapping[PackName, tuple[Placed, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`public_key` is the box's that signed; `placed` where the objects of each attempt lie.
    `envelopes` are those whose digest is in a manifest; a missing one makes no listing fail,
    for erasure deletes envelopes."""

    box_id: BoxId
    exam_id: ExamId
    public_key: bytes
    chain: Chain
    packs: tuple[PackEntry, ...]
    placed: Mapping[AttemptId, PlacedRows]
    envelopes: Mapping[AttemptId, tuple[Envelope, ...]]


async def walk(
    records: RecordCloud,
    exam: ExamId,
    *,
    verify: Verify,
    decode: Decode,
    trusted: Collection[bytes] = (),
) -> AsyncIterator[Listed]:
    """The manifests of one exam in order, then a look at the envelopes. Only who comes to the end
    without an error has seen all of what was signed; raises as `read_listing` does."""
    digests: _Digests = {}
    async for listed in _manifests(
        records, exam, digests, verify=verify, decode=decode, trusted=trusted
    ):
        yield listed
    await _envelopes(records, exam, digests)


async def _manifests(
    records: RecordCloud,
    exam: ExamId,
    digests: _Digests,
    *,
    verify: Verify,
    decode: Decode,
    trusted: Collection[bytes],
) -> AsyncIterator[Listed]:
    """Puts what they say of envelopes into `digests`: few, for they grow with attempts."""
    heads = sorted(
        await records.find(documents.MANIFESTS, fields=("number",), exam=exam),
        key=lambda d: _integer(d, "number"),
    )
    if not heads:
        raise NotFound("The cloud copy has no such exam: check the exam's id.")
    chain, public_key, names = None, b"", Names()
    for head in heads:
        found = await records.find(documents.MANIFESTS, _id=head["_id"], exam=exam)
        if len(found) != 1:
            raise IntegrityFailure("A manifest in the database vanished while it was read.")
        (document,) = found
        public_key = public_key or _known_key(document, trusted)
        payload = _bytes(document, "payload")
        verify(public_key, MANIFEST, payload, _bytes(document, "signature"))
        manifest = manifest_payload.parse(decode(payload))
        if chain is None:
            chain = Chain(box_id=manifest.box_id, exam_id=exam)
        chain = manifests.check(chain, manifest, hashlib.sha256(payload).digest())
        for entry in manifest.entries:
            names.add(entry.name)
        for e in manifest.envelopes:
            digests[e.attempt_id, e.epoch, e.recipient_id] = e.sha256
        yield Listed(
            name=str(document["_id"]),
            signed={key: _bytes(document, key) for key in documents.MANIFEST_OBJECT},
            public_key=public_key,
            manifest=manifest,
            chain=chain,
            in_pack=_placed(manifest),
        )
    assert chain is not None  # there is at least one manifest
    if names.twice():
        raise IntegrityFailure("The manifests list an object twice.", code="object-twice")
    manifests.check_complete(chain)


def _known_key(document: Mapping[str, object], trusted: Collection[bytes]) -> bytes:
    public_key = _bytes(document, "public_key")
    if trusted and public_key not in trusted:
        raise IntegrityFailure(
            "The manifests are signed by a box that is not yours: compare the fingerprint with "
            "the one on the box's card.",
            code="foreign-key",
        )
    return public_key


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
    packs: list[PackEntry] = []
    names: list[PackName] = []
    placed: dict[AttemptId, PlacedRows] = {}
    digests: _Digests = {}
    last: Listed | None = None
    async for listed in _manifests(
        records, exam, digests, verify=verify, decode=decode, trusted=trusted
    ):
        packs += listed.manifest.packs
        for pack, group in listed.in_pack.items():
            names.append(pack)
            for one in group:
                attempt = one.entry.attempt_id
                rows = placed.get(attempt)
                if rows is None:
                    rows = placed[attempt] = PlacedRows(attempt, names)
                rows.add(one, len(names) - 1)
        last = listed
    assert last is not None  # there is at least one manifest
    return Listing(
        box_id=last.chain.box_id,
        exam_id=exam,
        public_key=last.public_key,
        chain=last.chain,
        packs=tuple(packs),
        placed=placed,
        envelopes=await _envelopes(records, exam, digests),
    )


def _placed(manifest: Manifest) -> dict[PackName, tuple[Placed, ...]]:
    """Entries stand in the order in which their pack holds them, without gaps."""
    ends = {pack.name: 0 for pack in manifest.packs}
    placed: defaultdict[PackName, list[Placed]] = defaultdict(list)
    for entry in manifest.entries:
        placed[entry.pack].append(Placed(entry=entry, offset=ends[entry.pack]))
        ends[entry.pack] += entry.size
    if any(ends[pack.name] != pack.size for pack in manifest.packs):
        raise IntegrityFailure(
            "A manifest lists objects that do not fill their pack.", code="pack-size"
        )
    return {pack.name: tuple(placed[pack.name]) for pack in manifest.packs}


async def _envelopes(
    records: RecordCloud, exam: ExamId, digests: _Digests
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
