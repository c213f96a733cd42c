"""The collections, indexes and roles that `hallvakt sync prepare` makes. Pure.

A box's documents hash to shards by `{box, exam}`, so one exam lies on one shard and two boxes that
sync at once never meet. Schemas are closed: a field that is not here is refused by the database
itself, so a program with a fault (or a stolen login) cannot put names beside the ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.core.record_collections import Collection, DatabaseRole, Index
from appliance.services import cloud_documents as documents

# A box that has said nothing for this long has left the fleet.
HEALTH_DAYS = 90

_ID = {"bsonType": "string", "pattern": "^[0-9a-f]{32}$"}
_WHOLE = {"bsonType": ["int", "long"]}
_TIME = {"bsonType": ["int", "long", "null"]}
_BYTES = {"bsonType": "binData"}
_DIGEST = {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"}
_WORD = {"bsonType": "string", "maxLength": 100}


def _map(**properties: Any) -> dict[str, Any]:
    """Every property must be there, and no other may."""
    return {
        "bsonType": "object",
        "required": sorted(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _rows(**properties: Any) -> dict[str, Any]:
    return {"bsonType": "array", "items": _map(**properties)}


_OF_EXAM = ("box", "exam")
_SIGNED = {"signature": _BYTES, "public_key": _BYTES}
_OWN = {"_id": _ID, "exam": _ID, "box": _ID}

COLLECTIONS: tuple[Collection, ...] = (
    Collection(
        name=documents.EXAMS,
        schema=_map(
            _id=_ID,
            box=_ID,
            state={"enum": ["closed", "archived"]},
            times=_map(opened_ms=_TIME, started_ms=_TIME, closed_ms=_TIME, ends_ms=_WHOLE),
            settings_hash={"bsonType": ["string", "null"], "maxLength": 64},
        ),
        # The exam's id is the document's own.
        shard_key=("box", "_id"),
        indexes=(Index(fields=("box", "_id")), Index(fields=("times.ends_ms",))),
    ),
    Collection(
        name=documents.ATTEMPTS,
        schema=_map(**_OWN, envelopes=_rows(recipient=_ID, epoch=_WHOLE, sealed_key=_BYTES)),
        shard_key=_OF_EXAM,
        indexes=(Index(fields=_OF_EXAM), Index(fields=("exam",))),
    ),
    Collection(
        name=documents.PACKS,
        schema=_map(
            **_OWN,
            attempt=_ID,
            size=_WHOLE,
            sha256=_DIGEST,
            objects=_rows(
                name=_ID,
                kind=_WHOLE,
                sequence=_WHOLE,
                epoch=_WHOLE,
                offset=_WHOLE,
                size=_WHOLE,
                sha256=_DIGEST,
            ),
        ),
        shard_key=_OF_EXAM,
        indexes=(Index(fields=_OF_EXAM), Index(fields=("exam",)), Index(fields=("attempt",))),
    ),
    Collection(
        name=documents.MANIFESTS,
        schema=_map(**_OWN, **_SIGNED, number=_WHOLE, root=_BYTES, previous=_BYTES, payload=_BYTES),
        shard_key=_OF_EXAM,
        indexes=(Index(fields=("box", "exam", "number")), Index(fields=("exam",))),
    ),
    Collection(
        name=documents.TOMBSTONES,
        schema=_map(**_OWN, **_SIGNED, at_ms=_WHOLE),
        shard_key=_OF_EXAM,
        indexes=(Index(fields=_OF_EXAM), Index(fields=("exam",))),
    ),
    Collection(
        name=documents.DECISIONS,
        schema=_map(**_OWN, attempt=_ID, number=_WHOLE, size=_WHOLE, sha256=_DIGEST, at_ms=_WHOLE),
        shard_key=_OF_EXAM,
        indexes=(Index(fields=_OF_EXAM), Index(fields=("exam",)), Index(fields=("attempt",))),
    ),
    Collection(
        name=documents.RECEIPTS,
        schema=_map(
            **_OWN,
            **_SIGNED,
            viewer=_ID,
            number=_WHOLE,
            previous=_BYTES,
            looked=_rows(at_ms=_WHOLE, attempt=_ID, kind=_WORD, sequence=_WHOLE),
        ),
        shard_key=_OF_EXAM,
        indexes=(Index(fields=_OF_EXAM), Index(fields=("exam",))),
    ),
    Collection(
        name=documents.HEALTH,
        schema=_map(
            _id=_ID,
            box=_ID,
            name=_WORD,
            at={"bsonType": "date"},
            version=_WORD,
            last_sync_ms=_TIME,
            last_verified_ms=_TIME,
            last_drill_ms=_TIME,
            drill_ok={"bsonType": ["bool", "null"]},
            backlog_bytes=_WHOLE,
            backlog_exams=_WHOLE,
            disk_used_percent=_WHOLE,
            certificate_ends_ms=_TIME,
            clock_ahead_ms=_TIME,
            next_window_ms=_TIME,
        ),
        shard_key=("box", "_id"),
        indexes=(
            Index(fields=("box", "_id")),
            # The only collection the database empties by itself: everything else goes when
            # retention says so, by the eraser, audited.
            Index(fields=("at",), expire_after_s=HEALTH_DAYS * 86_400),
        ),
    ),
)
_EVERY = tuple(collection.name for collection in COLLECTIONS)
_SEE = ("find",)
_CREATE = ("find", "insert")
_KEEP = ("find", "insert", "update")
_REMOVE = ("find", "remove")


def _role(name: str, **more: tuple[str, ...]) -> DatabaseRole:
    may: Mapping[str, tuple[str, ...]] = {**dict.fromkeys(_EVERY, _SEE), **more}
    return DatabaseRole(name=name, may=may)


ROLES: tuple[DatabaseRole, ...] = (
    # The nightly box: adds, and moves on the state of an exam and its own health; deletes nothing.
    _role(
        "hallvaktWriter",
        attempts=_CREATE,
        packs=_CREATE,
        manifests=_CREATE,
        exams=_KEEP,
        boxes=_KEEP,
    ),
    _role("hallvaktVerifier"),
    _role(
        "hallvaktEraser",
        **{name: _REMOVE for name in _EVERY if name not in ("boxes", "tombstones")},
        tombstones=_KEEP,
    ),
    _role("hallvaktReviewer", decisions=_CREATE, receipts=_CREATE),
)
