"""Deleting one attempt for good (GDPR Art. 17): what is decided, what was destroyed, what remains.

Two people decide, and both stand in the audit log before anything happens. From then on the
tombstone is the truth: whoever opens a box's state, a restored backup or the cloud copy honours it
before anything else (DESIGN ruling 5). Keys go first, then ciphertext, then rows, so that whatever
a power cut leaves behind is unreadable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, RecipientId, UserId
from appliance.core.pack_journal import Tombstone
from appliance.core.snippet import ObjectKind

TOMBSTONE_PURPOSE, CERTIFICATE_PURPOSE = "tombstone", "erasure"
ERASURE_REASON = "erasure"
LONGEST_REFERENCE = 80


class NameLeft(StrEnum):
    """What became of the person's name, which is sealed together with the exam's other names."""

    REMOVED = "removed"  # the box could still open the names: sealed anew without this one
    SEALED = "sealed"  # it could not (exam closed): every opener drops the name from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedEnvelope:
    """`sha256` of the sealed key, in hexadecimal; the key itself was never in the clear here."""

    epoch: int
    recipient_id: RecipientId
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedObject:
    """`sha256` and `size` are of the ciphertext."""

    name: ObjectName
    kind: ObjectKind
    sequence: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One decision and the list of what it destroys, written down before the first deletion.

    `officers` are user ids: who asked and who countersigned. `reference` is the school's own case
    number and holds no personal data.
    """

    box_id: BoxId
    exam_id: ExamId
    attempt_id: AttemptId
    begun_ms: int
    officers: tuple[UserId, UserId]
    reference: str
    name: NameLeft
    envelopes: tuple[DestroyedEnvelope, ...]
    objects: tuple[DestroyedObject, ...]
    tombstone_signature: bytes
    public_key: bytes

    @property
    def tombstone(self) -> Tombstone:
        return Tombstone(
            exam_id=self.exam_id,
            attempt_id=self.attempt_id,
            at_ms=self.begun_ms,
            reason=ERASURE_REASON,
        )


def tombstone_payload(
    box: BoxId, exam: ExamId, attempt: AttemptId, at_ms: int
) -> dict[str, object]:
    """What the box signs (purpose `tombstone`), as deterministic CBOR: nobody else can make readers
    of the cloud copy believe that something was erased."""
    return {"version": 1, "box": box, "exam": exam, "attempt": attempt, "at_ms": at_ms}


class ErasureJournal(Protocol):
    """Durable when a method returns; each method is one transaction."""

    async def begin(self, erasure: Erasure) -> None:
        """The erasure and its tombstone together. Idempotent: the first one stays."""

    async def erasure(self, attempt: AttemptId) -> Erasure | None: ...

    async def unfinished(self) -> Sequence[Erasure]:
        """Those without a certificate, the oldest first."""

    async def finish(self, attempt: AttemptId, certificate: bytes) -> None:
        """Keep the signed certificate. Idempotent."""

    async def certificate(self, attempt: AttemptId) -> bytes | None: ...

    async def purge_rows(self, attempt: AttemptId, *, copies_later: bool = False) -> int:
        """Every row about the attempt but journal, tombstone and audit log; how many there were.
        When there were any, they do not stay in the write-ahead log either. Copies of the databases
        go first: raise NoRoom or Unreachable, with the rows still there, when those cannot be
        deleted; with `copies_later` that they are left is remembered instead."""

    async def copies_left(self) -> bool:
        """Whether copies of the databases still hold what was erased; tries to delete them."""

    async def discard_packs(self, attempt: AttemptId) -> None:
        """Packs of the attempt that no manifest lists: they are never sent."""


class TombstoneLog(Protocol):
    """A file of its own beside the databases, which only grows: it survives their restoration."""

    async def append(self, tombstones: Sequence[Tombstone]) -> None:
        """Those not in it yet; durable when it returns."""

    async def read(self) -> Sequence[Tombstone]: ...
