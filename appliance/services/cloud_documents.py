"""What stands in the cloud's record database: random ids, sizes, digests, times and states. Pure.

No name, no seat, no title and nothing observed: those are in sealed objects. Nor a pack's priority
class, which would say of whom something was observed; it stays in the box's own journal. The fields
are the contract of ARCHITECTURE.md, "The cloud copy".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from appliance.core.erasure import ERASURE_REASON, Erasure
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.keys import Envelope
from appliance.core.manifest_payload import Place
from appliance.core.pack_journal import JournalledManifest, JournalledPack
from appliance.core.retention import ends_ms

EXAMS, ATTEMPTS, PACKS, MANIFESTS = "exams", "attempts", "packs", "manifests"
TOMBSTONES = "tombstones"
DECISIONS, RECEIPTS = "decisions", "receipts"  # reviewers'
HEALTH = "boxes"
ERASED = ERASURE_REASON
MANIFEST_OBJECT = ("payload", "signature", "public_key")


def exam_document(exam: Exam, box: BoxId, state: ExamState) -> dict[str, Any]:
    """`ends_ms` is when retention ends: whoever runs the cloud can see what is overdue."""
    return {
        "_id": exam.exam_id,
        "box": box,
        "state": state.value,
        "times": {
            "opened_ms": exam.opened_ms,
            "started_ms": exam.started_ms,
            "closed_ms": exam.closed_ms,
            "ends_ms": ends_ms(exam.closed_ms or 0, exam.settings.retention),
        },
        "settings_hash": exam.settings_hash,
    }


def attempt_documents(
    exam: ExamId, box: BoxId, envelopes: Iterable[Envelope]
) -> list[dict[str, Any]]:
    grouped: dict[AttemptId, list[dict[str, Any]]] = {}
    for e in envelopes:
        grouped.setdefault(e.attempt_id, []).append(
            {"recipient": e.recipient_id, "epoch": e.epoch, "sealed_key": e.sealed_key}
        )
    return [
        {"_id": attempt, "exam": exam, "box": box, "envelopes": rows}
        for attempt, rows in grouped.items()
    ]


def pack_document(pack: JournalledPack, box: BoxId) -> dict[str, Any]:
    objects, offset = [], 0
    for stored in pack.objects:
        header = stored.header
        objects.append(
            {
                "name": stored.name,
                "kind": int(header.kind),
                "sequence": header.sequence,
                "epoch": header.epoch,
                "offset": offset,
                "size": stored.size,
                "sha256": stored.sha256,
            }
        )
        offset += stored.size
    return {
        "_id": pack.name,
        "exam": pack.exam_id,
        "attempt": pack.attempt_id,
        "box": box,
        "size": pack.size,
        "sha256": pack.sha256,
        "objects": objects,
    }


def manifest_document(written: JournalledManifest, place: Place) -> dict[str, Any]:
    return {
        "_id": written.name,
        "exam": written.exam_id,
        "box": place.box_id,
        "number": written.number,
        "root": place.root,
        "previous": place.previous,
        "signature": written.signature,
        "public_key": written.public_key,
        "payload": written.payload,
    }


def manifest_object(written: JournalledManifest) -> dict[str, Any]:
    """The same as an object beside the packs, before it is encoded: the object store alone can be
    verified without the database."""
    return {
        "payload": written.payload,
        "signature": written.signature,
        "public_key": written.public_key,
    }


def tombstone_document(erasure: Erasure) -> dict[str, Any]:
    """Signed (purpose `tombstone`), for other readers of the cloud copy and for a restored box."""
    return {
        "_id": erasure.attempt_id,
        "exam": erasure.exam_id,
        "box": erasure.box_id,
        "at_ms": erasure.begun_ms,
        "signature": erasure.tombstone_signature,
        "public_key": erasure.public_key,
    }


def same(found: Sequence[dict[str, Any]], sent: Sequence[dict[str, Any]]) -> bool:
    """Whether every document sent is among those found, as it was sent."""
    by_id = {document["_id"]: document for document in found}
    return all(by_id.get(document["_id"]) == document for document in sent)
