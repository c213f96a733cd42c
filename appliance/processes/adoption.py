"""`hallvakt backup adopt`, composed: another box's cloud copy, opened with the recovery key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from appliance.adapters.crypto.deterministic import decode
from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.adapters.crypto.signing import fingerprint, verify
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import open_stores
from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import BoxId, ExamId
from appliance.processes.cloud_ends import check_both_ends, cloud_ends
from appliance.processes.trusted_hosts import load_box
from appliance.review.archive import Archive
from appliance.services import cloud_documents as documents
from appliance.services.adoption import Adoption, Found
from appliance.services.archive_listing import walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """`opened` attempts could be opened with the recovery key, `locked` not."""

    exam_id: ExamId
    title: str
    packs: int
    opened: int
    locked: int
    known: bool


async def adopt(state: Path, other: BoxId, card: str, key: HybridPrivateKey) -> list[Adopted]:
    """`card` is the fingerprint on the other box's card: only manifests under that key count. Raise
    NotFound when the cloud has nothing of the box, IntegrityFailure for another key or damage."""
    config = await asyncio.to_thread(load_box, state)
    stores = await asyncio.to_thread(open_stores, state)
    adopted = []
    try:
        async with cloud_ends(config.cloud) as ends:
            await check_both_ends(ends, config.cloud)
            archive = Archive(ends.objects, ends.records, key)
            exams = [e for e in await archive.exams() if e.box_id == other]
            if not exams:
                raise NotFound("The cloud copy holds nothing of that box: check its id.")
            adoption = Adoption(
                exams=stores.exams,
                attempts=stores.attempts,
                journal=Packs(stores.box),
                audit=stores.audit,
                objects=ends.objects,
                clock=SystemClock(),
                new_code=lambda: SystemRandomness().code(6),
            )
            for exam in exams:
                opened = await archive.open(exam.exam_id)
                if _plain(fingerprint(opened.listing.public_key)) != _plain(card):
                    raise IntegrityFailure(
                        f"The archive is signed by the box {opened.fingerprint}, which is not the "
                        "fingerprint on the card: do not adopt it.",
                        code="foreign-key",
                    )
                (document,) = await ends.records.find(documents.EXAMS, _id=exam.exam_id)
                found = Found(
                    listing=opened.listing,
                    document=document,
                    records={a.attempt_id: a.head for a in opened.attempts.values()},
                )
                manifests = walk(
                    ends.records,
                    exam.exam_id,
                    verify=verify,
                    decode=decode,
                    trusted=(opened.listing.public_key,),
                )
                new = await adoption.adopt(found, manifests)
                there = [a for a in opened.attempts.values() if not a.erased]
                adopted.append(
                    Adopted(
                        exam_id=exam.exam_id,
                        title=opened.title or "?",
                        packs=len(opened.listing.packs),
                        opened=sum(1 for a in there if a.head is not None),
                        locked=sum(1 for a in there if a.head is None),
                        known=not new,
                    )
                )
    finally:
        await stores.close()
    return adopted


def _plain(shown: str) -> str:
    return "".join(shown.split()).lower()
