"""A log whose entries are chained by hash, so that a change, a gap or a cut shows.

Entry hash = SHA-256(0x00 ‖ previous hash ‖ length-prefixed UTF-8 of each field); the first
entry's previous hash is 32 zero bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.core.errors import IntegrityFailure

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`actor` and `about` are pseudonymous ids, `action` a word, `purpose` a code."""

    sequence: int
    at_ms: int
    actor: str
    action: str
    purpose: str
    about: str
    previous: bytes
    hash: bytes


def entry_hash(
    previous: bytes, sequence: int, at_ms: int, actor: str, action: str, purpose: str, about: str
) -> bytes:
    digest = hashlib.sha256(b"\x00" + previous)
    for text in (str(sequence), str(at_ms), actor, action, purpose, about):
        field = text.encode()
        digest.update(len(field).to_bytes(4, "big") + field)
    return digest.digest()


def verify(entries: Iterable[AuditEntry], *, head: bytes | None = None) -> int:
    """Return how many entries there are; raise IntegrityFailure at the first that does not fit.

    `head` is the last hash as noted elsewhere (the close record, the paper): with it a cut tail
    is found too.
    """
    previous, count = GENESIS, 0
    for entry in entries:
        count += 1
        if entry.sequence != count or entry.previous != previous:
            raise IntegrityFailure(f"Audit log: entry {count} is missing or out of place.")
        expected = entry_hash(
            previous,
            entry.sequence,
            entry.at_ms,
            entry.actor,
            entry.action,
            entry.purpose,
            entry.about,
        )
        if entry.hash != expected:
            raise IntegrityFailure(f"Audit log: entry {count} was changed.")
        previous = entry.hash
    if head is not None and previous != head:
        raise IntegrityFailure("Audit log: the last entries are missing.")
    return count
