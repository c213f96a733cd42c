"""A manifest as a plain dict of ints, strings, bytes, lists and None, and back.

What is parsed comes from the cloud: every type is looked at, and any other shape is an
IntegrityFailure, never a KeyError.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, PackName, RecipientId
from appliance.core.manifest import (
    AttemptCount,
    CloseRecord,
    Entry,
    EnvelopeEntry,
    Manifest,
    PackEntry,
)
from appliance.core.snippet import ObjectKind

VERSION = 1

_Row = Mapping[Any, object] | Sequence[object]


def payload(manifest: Manifest) -> dict[str, Any]:
    """The manifest for deterministic CBOR."""
    return {
        "version": VERSION,
        "box": manifest.box_id,
        "exam": manifest.exam_id,
        "number": manifest.number,
        "made_ms": manifest.made_ms,
        "previous": manifest.previous,
        "first": manifest.first,
        "tree_size": manifest.tree_size,
        "root": manifest.root,
        "entries": [_entry_payload(entry) for entry in manifest.entries],
        "packs": [[p.name, p.attempt_id, p.size, p.sha256] for p in manifest.packs],
        "envelopes": [
            [e.attempt_id, e.epoch, e.recipient_id, e.sha256] for e in manifest.envelopes
        ],
        "close": None if manifest.close is None else _close_payload(manifest.close),
    }


def parse(document: object) -> Manifest:
    """The manifest of a decoded payload; raise IntegrityFailure for any other shape."""
    if not isinstance(document, Mapping):
        raise _wrong("it is not a map")
    if _integer(document, "version") != VERSION:
        raise IntegrityFailure(
            "The manifest has another version: use a newer program.", code="manifest-version"
        )
    close = document.get("close")
    return Manifest(
        box_id=BoxId(_text(document, "box")),
        exam_id=ExamId(_text(document, "exam")),
        number=_integer(document, "number"),
        made_ms=_integer(document, "made_ms"),
        previous=_digest(document, "previous"),
        first=_integer(document, "first"),
        tree_size=_integer(document, "tree_size"),
        root=_digest(document, "root"),
        entries=tuple(_entry(row) for row in _rows(document, "entries", 9)),
        packs=tuple(_pack(row) for row in _rows(document, "packs", 4)),
        envelopes=tuple(_envelope(row) for row in _rows(document, "envelopes", 4)),
        close=None if close is None else _close(close),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a manifest stands, without its thousands of entries."""

    box_id: BoxId
    previous: bytes
    root: bytes


def place(document: object) -> Place:
    """Of a decoded payload that the caller has signed or verified; raise IntegrityFailure."""
    if not isinstance(document, Mapping):
        raise _wrong("it is not a map")
    return Place(
        box_id=BoxId(_text(document, "box")),
        previous=_digest(document, "previous"),
        root=_digest(document, "root"),
    )


def _entry_payload(e: Entry) -> list[object]:
    place = [e.name, e.pack, int(e.kind), e.attempt_id, e.sequence, e.epoch, e.size]
    return [*place, e.sha256, e.previous]


def _close_payload(close: CloseRecord) -> dict[str, Any]:
    return {
        "closed_ms": close.closed_ms,
        "settings_hash": close.settings_hash,
        "audit_head": close.audit_head,
        "attempts": [
            [a.attempt_id, a.objects, a.snippets, a.last_sequence] for a in close.attempts
        ],
    }


def _entry(row: _Row) -> Entry:
    try:
        kind = ObjectKind(_integer(row, 2))
    except ValueError:
        raise _wrong("an object is of an unknown kind") from None
    # Thousands of objects share a pack and an attempt: held once, a listing is a sixth smaller.
    return Entry(
        name=ObjectName(_text(row, 0)),
        pack=PackName(sys.intern(_text(row, 1))),
        kind=kind,
        attempt_id=AttemptId(sys.intern(_text(row, 3))),
        sequence=_integer(row, 4),
        epoch=_integer(row, 5),
        size=_integer(row, 6),
        sha256=_digest(row, 7),
        previous=_digest(row, 8),
    )


def _pack(row: _Row) -> PackEntry:
    return PackEntry(
        name=PackName(_text(row, 0)),
        attempt_id=AttemptId(_text(row, 1)),
        size=_integer(row, 2),
        sha256=_digest(row, 3),
    )


def _envelope(row: _Row) -> EnvelopeEntry:
    return EnvelopeEntry(
        attempt_id=AttemptId(_text(row, 0)),
        epoch=_integer(row, 1),
        recipient_id=RecipientId(_text(row, 2)),
        sha256=_digest(row, 3),
    )


def _close(document: object) -> CloseRecord:
    if not isinstance(document, Mapping):
        raise _wrong("the close record is not a map")
    return CloseRecord(
        closed_ms=_integer(document, "closed_ms"),
        settings_hash=_text(document, "settings_hash"),
        audit_head=_digest(document, "audit_head"),
        attempts=tuple(
            AttemptCount(
                attempt_id=AttemptId(_text(row, 0)),
                objects=_integer(row, 1),
                snippets=_integer(row, 2),
                last_sequence=_integer(row, 3),
            )
            for row in _rows(document, "attempts", 4)
        ),
    )


def _wrong(what: str) -> IntegrityFailure:
    return IntegrityFailure(f"The manifest is damaged: {what}.", code="manifest-shape")


def _value(row: _Row, key: str | int) -> object:
    if isinstance(row, Mapping):
        return row.get(key)
    assert isinstance(key, int)  # rows were counted by _rows
    return row[key]


def _integer(row: _Row, key: str | int) -> int:
    value = _value(row, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(f"{key} is not a whole number")
    return value


def _text(row: _Row, key: str | int) -> str:
    value = _value(row, key)
    if not isinstance(value, str):
        raise _wrong(f"{key} is not a text")
    return value


def _digest(row: _Row, key: str | int) -> bytes:
    value = _value(row, key)
    if not isinstance(value, bytes) or len(value) != 32:
        raise _wrong(f"{key} is not a digest")
    return value


def _rows(document: Mapping[Any, object], key: str, length: int) -> list[Sequence[object]]:
    value = document.get(key)
    if not isinstance(value, list | tuple):
        raise _wrong(f"{key} is not a list")
    rows: list[Sequence[object]] = []
    for row in value:
        if not isinstance(row, list | tuple) or len(row) != length:
            raise _wrong(f"a row of {key} has another length")
        rows.append(row)
    return rows
