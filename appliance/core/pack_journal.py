"""What the box remembers of the night: packs from plan to proof, and the manifests it signed.

A pack's name and content are journalled before its first byte is sent. So after any cut, power or
line, the next run sends the same bytes under the same name, which a create-only store answers
with success: nothing is sent twice under two names, and nothing is left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.core.batch import Flagged, PackPlan
from appliance.core.ids import AttemptId, ExamId, ObjectName, PackName
from appliance.core.snippet import ObjectKind, PriorityClass, StoredObject


class PackState(StrEnum):
    PLANNED = "planned"  # name and objects are fixed
    UPLOADED = "uploaded"  # the store answered with our size and checksum
    CONFIRMED = "confirmed"  # read back, listed in a signed manifest, recorded by a majority


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledPack:
    """`sha256` (hex) and `crc32c` (as the store writes it) are None until uploaded; `manifest` is
    the number of the manifest that lists it."""

    name: PackName
    exam_id: ExamId
    attempt_id: AttemptId
    priority: PriorityClass
    objects: tuple[StoredObject, ...]
    size: int
    state: PackState = PackState.PLANNED
    sha256: str | None = None
    crc32c: str | None = None
    manifest: int | None = None
    confirmed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackHead:
    """A pack without the list of its objects, of which an exam has hundreds of thousands. `number`
    is its place in the order of planning, `objects` how many it holds."""

    number: int
    name: PackName
    exam_id: ExamId
    attempt_id: AttemptId
    priority: PriorityClass
    size: int
    objects: int
    state: PackState
    crc32c: str | None
    manifest: int | None
    sha256: str | None = None
    confirmed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """Sum of one attempt's objects of one kind in no pack, `near` an observation or not."""

    attempt_id: AttemptId
    kind: ObjectKind
    near: bool
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledManifest:
    """`name` is a random id; `closes` when it holds the exam's close record, of which there is
    one. `public_key` is the box's (32 bytes, Ed25519)."""

    name: str
    exam_id: ExamId
    number: int
    payload: bytes
    signature: bytes
    public_key: bytes
    closes: bool
    confirmed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """That an attempt's data was deleted for good, so that no restored backup brings it back."""

    exam_id: ExamId
    attempt_id: AttemptId
    at_ms: int
    reason: str


class PackJournal(Protocol):
    """Durable when a method returns; each method is one transaction."""

    async def flag(self, exam: ExamId, attempt: AttemptId, sequences: Collection[int]) -> None:
        """Remember which snippets lie near an observation (close asks, the night reads)."""

    async def flagged(self, exam: ExamId) -> Flagged: ...

    async def plan(self, packs: Sequence[tuple[PackName, PackPlan]]) -> None:
        """All or none, after those planned before; raise Conflict when an object is in a pack."""

    async def packs(self, exam: ExamId) -> Sequence[JournalledPack]:
        """In the order they were planned."""

    async def heads(self, exam: ExamId) -> Sequence[PackHead]:
        """The same packs in the same order, without their objects."""

    async def pack(self, name: PackName) -> JournalledPack:
        """Raise NotFound."""

    async def packed(self, attempt: AttemptId) -> Collection[ObjectName]:
        """What of the attempt is in a pack already."""

    async def unpacked(self, exam: ExamId) -> Sequence[Unpacked]:
        """What of the exam is in no pack yet, in sums."""

    async def uploaded(self, name: PackName, *, sha256: str, crc32c: str) -> None:
        """And what the journal of uploads knew of it is forgotten (`transfer.UploadJournal`)."""

    async def add_manifest(self, manifest: JournalledManifest, packs: Collection[PackName]) -> None:
        """Raise Conflict when the number is taken, or a second one would close the exam."""

    def manifests(self, exam: ExamId) -> AsyncIterator[JournalledManifest]:
        """By number; one of them is in memory at a time."""

    async def closed(self, exam: ExamId) -> bool:
        """Whether the manifest with the close record is written."""

    async def confirm(self, exam: ExamId, number: int, at_ms: int) -> None:
        """The manifest and all packs it lists."""

    async def add_tombstone(self, tombstone: Tombstone) -> None: ...

    async def tombstones(self) -> Sequence[Tombstone]: ...

    async def forget(self, exam: ExamId) -> None:
        """Everything of the exam but tombstones, when its retention has ended everywhere."""
