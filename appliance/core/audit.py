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


def verify_noted(entries: Iterable[AuditEntry], noted: bytes) -> tuple[int, AuditEntry]:
    """Verify as `verify` does, and that the log still holds the entry whose hash starts with
    `noted` (the head as it was written down at some earlier moment: all 32 bytes, or the first
    10 that eight words carry).

    Return how many entries there are and the noted one. Raise IntegrityFailure at the first that
    does not fit, or when the noted one is gone: the log was cut before it, or written anew.
    """
    found: list[AuditEntry] = []

    def watched() -> Iterable[AuditEntry]:
        for entry in entries:
            if entry.hash.startswith(noted):
                found.append(entry)
            yield entry

    count = verify(watched())
    if not found:
        raise IntegrityFailure(
            f"Audit log: entry {count + 1} is missing or the log was written anew: the noted "
            f"head is none of the {count} entries that are here."
        )
    return count, found[0]
