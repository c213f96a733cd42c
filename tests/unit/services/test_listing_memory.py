"""What an exam's list of objects weighs while it is proven: the limit that the README states."""

from __future__ import annotations

import hashlib
import secrets
import tracemalloc
from collections.abc import Mapping, Sequence
from typing import Any, cast

from appliance.adapters.crypto.deterministic import decode, encode
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, PackName
from appliance.core.manifest import AttemptCount, Chain, CloseRecord, PackEntry, check, extend
from appliance.core.manifest_payload import payload
from appliance.core.ports import RecordCloud
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject
from appliance.services import cloud_documents as documents
from appliance.services.archive_listing import read_listing

BOX, EXAM = BoxId("0" * 32), ExamId("e" * 32)
MANIFESTS, IN_EACH = 8, 250  # one attempt's pack in each manifest
BYTES_PER_OBJECT = 1_000


class _Records:
    """As a driver does, it makes everything anew for whoever asks."""

    def __init__(self, manifests: Sequence[dict[str, Any]]) -> None:
        self._manifests = manifests

    async def find(self, collection: str, **_: object) -> list[Mapping[str, Any]]:
        held = self._manifests if collection == documents.MANIFESTS else ()
        return [{**d, "payload": bytes(bytearray(d["payload"]))} for d in held]


def _objects(attempt: AttemptId) -> list[StoredObject]:
    return [
        StoredObject(
            name=ObjectName(secrets.token_hex(16)),
            header=ObjectHeader(
                kind=ObjectKind.SNIPPET,
                box_id=BOX,
                exam_id=EXAM,
                attempt_id=attempt,
                sequence=number,
                epoch=1,
            ),
            size=200_000,
            sha256=secrets.token_hex(32),
            stored_ms=0,
        )
        for number in range(1, IN_EACH + 1)
    ]


def _manifests() -> list[dict[str, Any]]:
    chain, written, counts = Chain(box_id=BOX, exam_id=EXAM), [], []
    for number in range(1, MANIFESTS + 1):
        attempt, pack = AttemptId(secrets.token_hex(16)), PackName(secrets.token_hex(16))
        objects = _objects(attempt)
        counts.append(
            AttemptCount(
                attempt_id=attempt, objects=IN_EACH, snippets=IN_EACH, last_sequence=IN_EACH
            )
        )
        close = CloseRecord(
            closed_ms=1, settings_hash="", audit_head=bytes(32), attempts=tuple(counts)
        )
        manifest = extend(
            chain,
            made_ms=1,
            objects=[(stored, pack) for stored in objects],
            packs=[
                PackEntry(
                    name=pack,
                    attempt_id=attempt,
                    size=sum(stored.size for stored in objects),
                    sha256=bytes(32),
                )
            ],
            close=close if number == MANIFESTS else None,
        )
        signed = encode(payload(manifest))
        chain = check(chain, manifest, hashlib.sha256(signed).digest())
        written.append(
            {
                "_id": secrets.token_hex(16),
                "number": number,
                "public_key": bytes(32),
                "signature": bytes(64),
                "payload": signed,
            }
        )
    return written


async def test_a_listing_weighs_no_more_than_the_stated_limit() -> None:
    records = cast("RecordCloud", _Records(_manifests()))
    tracemalloc.start()
    try:
        listing = await read_listing(records, EXAM, verify=lambda *_: None, decode=decode)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(listing.objects) == MANIFESTS * IN_EACH
    per_object = peak / len(listing.objects)
    assert per_object <= BYTES_PER_OBJECT
