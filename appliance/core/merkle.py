"""The Merkle tree hash of RFC 6962 section 2.1: leaves under 0x00, nodes under 0x01, SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree that only grows, in one hash per set bit of its size: `full` are whole subtrees,
    (leaves below, hash), the largest first. The leaves themselves are not kept."""

    full: tuple[tuple[int, bytes], ...] = ()

    @property
    def size(self) -> int:
        return sum(size for size, _ in self.full)

    @property
    def root(self) -> bytes:
        """32 bytes. What is left over is joined from the right: the split at the largest power of
        two that the RFC asks for."""
        if not self.full:
            return EMPTY_ROOT
        *rest, (_, digest) = self.full
        for _, left in reversed(rest):
            digest = node_hash(left, digest)
        return digest

    def grown(self, leaves: Iterable[bytes]) -> Tree:
        """With leaf hashes added in order; equal subtrees are joined as they fill."""
        full = list(self.full)
        for leaf in leaves:
            size, digest = 1, leaf
            while full and full[-1][0] == size:
                _, left = full.pop()
                size, digest = size * 2, node_hash(left, digest)
            full.append((size, digest))
        return Tree(tuple(full))


def root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes in order, in linear time; 32 bytes."""
    return Tree().grown(leaves).root


def fields(*parts: bytes) -> bytes:
    """One unambiguous byte string: each part after its length in 4 big-endian bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def words(texts: Sequence[str | int]) -> bytes:
    """`fields` of texts and whole numbers, as UTF-8."""
    return fields(*(str(text).encode() for text in texts))
