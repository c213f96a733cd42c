"""The RECORD of an attempt as the reviewer's page shows it.

A record was sealed by the box and authenticated when it was opened; its fields are those of
ARCHITECTURE.md, "The cloud copy". What a later version adds is passed through.
"""

from __future__ import annotations

from typing import Any

import cbor2

from appliance.core.errors import IntegrityFailure

VERSION = 1
_TEXTS = ("attempt", "exam", "seat", "hall", "title")
_LISTS = ("snippets", "observations", "incidents", "acts")


def parse_record(plain: bytes) -> dict[str, Any]:
    """Raise IntegrityFailure for another version or shape: never show half a record."""
    try:
        record = cbor2.loads(plain)
    except (cbor2.CBORDecodeError, ValueError):
        raise _wrong() from None
    if not isinstance(record, dict) or record.get("version") != VERSION:
        raise _wrong()
    if not all(isinstance(record.get(name), str) for name in _TEXTS):
        raise _wrong()
    if not all(isinstance(record.get(name, []), list) for name in _LISTS):
        raise _wrong()
    return record


def _wrong() -> IntegrityFailure:
    return IntegrityFailure(
        "A record was written by another version: open it with that version.", code="record-version"
    )
