"""The next manifests of an exam, from the journal: chained, signed, journalled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from appliance.core import manifest as manifests
from appliance.core import manifest_payload
from appliance.core.audit import GENESIS
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId, BoxId, RecipientId
from appliance.core.keys import Envelope
from appliance.core.manifest import AttemptCount, Chain, CloseRecord, EnvelopeEntry, PackEntry
from appliance.core.many import Numbers
from appliance.core.pack_journal import (
    JournalledManifest,
    JournalledPack,
    PackHead,
    PackJournal,
    PackState,
)
from appliance.core.ports import AuditStore, Clock, Randomness
from appliance.core.snippet import ObjectKind
from appliance.services.signing import MANIFEST, Decode, Encode, Signer

# About 1 MB of payload: the gateway signs no more at once, and a MongoDB document holds 16 MB.
ENTRIES = 5_000
_EnvelopeKey = tuple[AttemptId, int, RecipientId]


class ManifestWriter:
    def __init__(
        self,
        journal: PackJournal,
        audit: AuditStore,
        signer: Signer,
        *,
        box_id: BoxId,
        encode: Encode,
        decode: Decode,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._journal = journal
        self._audit = audit
        self._signer = signer
        self._box_id = box_id
        self._encode = encode
        self._decode = decode
        self._clock = clock
        self._randomness = randomness

    async def write(
        self, exam: Exam, envelopes: Sequence[Envelope], last_numbers: Mapping[AttemptId, int]
    ) -> None:
        """Sign for every uploaded pack that no manifest lists yet; the last one closes the exam.

        `last_numbers`: what pages said at hand-in. Call it when all of the exam is uploaded.
        Does nothing once the exam is closed so.
        """
        chain, listed = await self._so_far(exam)
        if chain.closed is not None:
            return
        # Of an erased attempt only what an earlier manifest signed for is still counted.
        erased = {t.attempt_id for t in await self._journal.tombstones()}
        heads = [
            head
            for head in await self._journal.heads(exam.exam_id)
            if head.manifest is not None or head.attempt_id not in erased
        ]
        waiting = [h for h in heads if h.state is PackState.UPLOADED and h.manifest is None]
        fresh = [_entry(e) for e in envelopes if _key(e) not in listed]
        groups = list(_groups(waiting)) or [[]]
        for number, names in enumerate(groups):
            group = [await self._journal.pack(head.name) for head in names]
            last = number == len(groups) - 1
            manifest = manifests.extend(
                chain,
                made_ms=self._clock.now_ms(),
                objects=[(stored, pack.name) for pack in group for stored in pack.objects],
                packs=[_pack_entry(pack) for pack in group],
                envelopes=fresh if number == 0 else (),
                close=await self._close_record(exam, heads, last_numbers) if last else None,
            )
            payload = self._encode(manifest_payload.payload(manifest))
            # Look at it as a reader will, before it is signed.
            chain = manifests.check(chain, manifest, hashlib.sha256(payload).digest())
            if last:
                manifests.check_complete(chain)
            signed = await self._signer.sign(MANIFEST, payload)
            await self._journal.add_manifest(
                JournalledManifest(
                    name=self._randomness.new_id(),
                    exam_id=exam.exam_id,
                    number=manifest.number,
                    payload=payload,
                    signature=signed.signature,
                    public_key=signed.public_key,
                    closes=last,
                ),
                [pack.name for pack in group],
            )

    async def _so_far(self, exam: Exam) -> tuple[Chain, set[_EnvelopeKey]]:
        chain = Chain(box_id=self._box_id, exam_id=exam.exam_id)
        listed: set[_EnvelopeKey] = set()
        async for written in self._journal.manifests(exam.exam_id):
            manifest = manifest_payload.parse(self._decode(written.payload))
            chain = manifests.check(chain, manifest, hashlib.sha256(written.payload).digest())
            listed |= {(e.attempt_id, e.epoch, e.recipient_id) for e in manifest.envelopes}
        return chain, listed

    async def _close_record(
        self, exam: Exam, heads: Sequence[PackHead], last_numbers: Mapping[AttemptId, int]
    ) -> CloseRecord:
        """Counts of what is in packs. What a sync scope keeps on the box is not counted."""
        objects: dict[AttemptId, int] = {}
        snippets: dict[AttemptId, Numbers] = {}
        highest: dict[AttemptId, int] = {}
        for head in heads:
            pack = await self._journal.pack(head.name)
            objects[pack.attempt_id] = objects.get(pack.attempt_id, 0) + len(pack.objects)
            numbers = [
                o.header.sequence for o in pack.objects if o.header.kind is ObjectKind.SNIPPET
            ]
            so_far = snippets.get(pack.attempt_id, Numbers())
            snippets[pack.attempt_id] = so_far.with_(numbers)
            highest[pack.attempt_id] = max(highest.get(pack.attempt_id, 0), *numbers, 0)
        entries = await self._audit.entries()
        return CloseRecord(
            closed_ms=exam.closed_ms or 0,
            settings_hash=exam.settings_hash or "",
            audit_head=entries[-1].hash if entries else GENESIS,
            attempts=tuple(
                AttemptCount(
                    attempt_id=attempt,
                    objects=objects[attempt],
                    snippets=len(snippets[attempt]),
                    last_sequence=max(last_numbers.get(attempt, 0), highest[attempt]),
                )
                for attempt in sorted(objects)
            ),
        )


def _groups(heads: Sequence[PackHead]) -> Iterator[list[PackHead]]:
    group: list[PackHead] = []
    entries = 0
    for head in heads:
        if group and entries + head.objects > ENTRIES:
            yield group
            group, entries = [], 0
        group.append(head)
        entries += head.objects
    if group:
        yield group


def _pack_entry(pack: JournalledPack) -> PackEntry:
    assert pack.sha256 is not None  # uploaded packs have one
    return PackEntry(
        name=pack.name,
        attempt_id=pack.attempt_id,
        size=pack.size,
        sha256=bytes.fromhex(pack.sha256),
    )


def _entry(envelope: Envelope) -> EnvelopeEntry:
    return EnvelopeEntry(
        attempt_id=envelope.attempt_id,
        epoch=envelope.epoch,
        recipient_id=envelope.recipient_id,
        sha256=hashlib.sha256(envelope.sealed_key).digest(),
    )


def _key(envelope: Envelope) -> _EnvelopeKey:
    return envelope.attempt_id, envelope.epoch, envelope.recipient_id
