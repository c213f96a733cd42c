"""Deterministic CBOR (RFC 8949 section 4.2.1) both ways: one content, one sequence of bytes."""

from __future__ import annotations

import cbor2

from appliance.core.errors import IntegrityFailure


def encode(document: object) -> bytes:
    return cbor2.dumps(document, canonical=True)


def decode(content: bytes) -> object:
    """Raise IntegrityFailure for what `encode` would not have written: bytes after the end, a key
    twice, another order. A reader that is less strict may see another content than this one."""
    try:
        document: object = cbor2.loads(content)
        exact = encode(document) == content
    except (cbor2.CBORError, ValueError, TypeError) as error:
        raise _damaged() from error
    if not exact:
        raise _damaged()
    return document


def _damaged() -> IntegrityFailure:
    return IntegrityFailure(
        "A signed record is not written as Hallvakt writes it: do not use it.", code="not-exact"
    )
