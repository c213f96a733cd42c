"""What an exam's list of objects weighs: next to nothing while it is proven, little to a reader."""

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
from appliance.services.archive_listing import read_listing, walk

BOX, EXAM = BoxId("0" * 32), ExamId("e" * 32)
IN_EACH = 250  # one attempt's pack in each manifest
# 16 of each name, to find one that comes twice; the rest is what an attempt of few objects takes.
BYTES_PER_OBJECT = 40
KEPT_PER_OBJECT = 160  # a row of a hundred, with room for the next


class _Records:
    """As a driver does, it makes everything anew for whoever asks."""

    def __init__(self, manifests: Sequence[dict[str, Any]]) -> None:
        self._manifests = manifests

    async def find(
        self, collection: str, *, fields: Sequence[str] = (), **equals: object
    ) -> list[Mapping[str, Any]]:
        if collection != documents.MANIFESTS:
            return []  # no envelopes: they grow with attempts
        return [
            {**d, "payload": bytes(bytearray(d["payload"]))} if not fields else d
            for d in self._manifests
            if d["_id"] == equals.get("_id", d["_id"])
        ]


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


def _manifests(count: int) -> list[dict[str, Any]]:
    chain, written, counts = Chain(box_id=BOX, exam_id=EXAM), [], []
    for number in range(1, count + 1):
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
            close=close if number == count else None,
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


async def _peak(count: int) -> int:
    records = cast("RecordCloud", _Records(_manifests(count)))
    tracemalloc.start()
    try:
        objects = 0
        async for listed in walk(records, EXAM, verify=lambda *_: None, decode=decode):
            objects += sum(len(placed) for placed in listed.in_pack.values())
        assert objects == count * IN_EACH
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_walk_through_ten_times_the_manifests_holds_one_at_a_time() -> None:
    few, many = await _peak(2), await _peak(20)
    assert many - few <= BYTES_PER_OBJECT * IN_EACH * 18


async def _kept(count: int) -> int:
    records = cast("RecordCloud", _Records(_manifests(count)))
    tracemalloc.start()
    try:
        listing = await read_listing(records, EXAM, verify=lambda *_: None, decode=decode)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert sum(len(rows) for rows in listing.placed.values()) == count * IN_EACH
    return kept


async def test_a_reader_keeps_a_hundred_bytes_of_each_object() -> None:
    few, many = await _kept(2), await _kept(12)
    assert many - few <= (KEPT_PER_OBJECT + BYTES_PER_OBJECT) * IN_EACH * 10
