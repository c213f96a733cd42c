"""Joining fields so that no two lists of fields give the same bytes."""

from __future__ import annotations


def join(*fields: bytes) -> bytes:
    """Each field behind its length in 4 bytes, big-endian."""
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
