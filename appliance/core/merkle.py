"""The Merkle tree hash of RFC 6962 section 2.1: leaves under 0x00, nodes under 0x01, SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes in order, in linear time; 32 bytes.

    Keeps one subtree per set bit of the count so far, joins equal ones as they fill, and the
    rest from the right: the split at the largest power of two that the RFC asks for.
    """
    full: list[tuple[int, bytes]] = []  # (leaves below, hash), largest first
    for leaf in leaves:
        size, digest = 1, leaf
        while full and full[-1][0] == size:
            _, left = full.pop()
            size, digest = size * 2, node_hash(left, digest)
        full.append((size, digest))
    if not full:
        return EMPTY_ROOT
    _, digest = full.pop()
    while full:
        digest = node_hash(full.pop()[1], digest)
    return digest


def fields(*parts: bytes) -> bytes:
    """One unambiguous byte string: each part after its length in 4 big-endian bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def words(texts: Sequence[str | int]) -> bytes:
    """`fields` of texts and whole numbers, as UTF-8."""
    return fields(*(str(text).encode() for text in texts))
