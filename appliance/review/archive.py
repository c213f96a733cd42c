"""An exam's archive, opened on the reviewer's machine from the cloud copy alone.

The cloud is believed in nothing: what must be there comes from manifests that a known box signed,
and each object must have the digest and the header they name before its key is tried. What is
opened stays in memory and goes to the caller; nothing decrypted is written to a disk.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from appliance.adapters.crypto import signing
from appliance.adapters.crypto.deterministic import decode, encode
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.core.errors import IntegrityFailure, Locked, NotFound
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.ports import ObjectCloud, RecordCloud
from appliance.core.snippet import ObjectKind
from appliance.review.record import parse_record
from appliance.services import cloud_documents as documents
from appliance.services.archive_listing import Listing, read_listing
from appliance.services.erasure_in_cloud import signed_tombstones
from appliance.services.placed_rows import Placed

_AT_ONCE = 16
_LONG = frozenset({"snippets", "observations"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedExam:
    """What the cloud says is there; nothing of it is proven before `open`."""

    exam_id: ExamId
    box_id: BoxId
    state: str
    closed_ms: int | None
    opens: bool
    """Whether an attempt of it is sealed for this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """`record` is None when this key opens nothing of the attempt (`locked`); `head` is the same
    without its long lists. `erased`: a tombstone of the box says so, and then nothing is opened
    whatever the cloud still holds."""

    attempt_id: AttemptId
    head: dict[str, Any] | None
    placed: Mapping[tuple[ObjectKind, int], Placed]
    secrets: dict[int, bytes] = field(repr=False)
    erased: bool = False
    plain: bytes = field(default=b"", repr=False)  # the record: a tenth of what it is when parsed

    @property
    def record(self) -> dict[str, Any] | None:
        return _parsed(self.plain) if self.plain else None

    @property
    def locked(self) -> bool:
        return not self.secrets

    def sequences(self, kind: ObjectKind) -> list[int]:
        return sorted(sequence for of, sequence in self.placed if of is kind)


@lru_cache(maxsize=4)  # who is being looked at
def _parsed(plain: bytes) -> dict[str, Any]:
    return parse_record(plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenExam:
    listing: Listing
    attempts: dict[AttemptId, OpenAttempt]

    @property
    def fingerprint(self) -> str:
        """Of the box's key; to be compared with the one on the box's card."""
        return signing.fingerprint(self.listing.public_key)

    @property
    def title(self) -> str | None:
        """None when this key opens no attempt of the exam."""
        heads = [a.head for a in self.attempts.values() if a.head]
        return str(heads[0]["title"]) if heads else None


class Archive:
    """`trusted`: public keys of the school's boxes (32 bytes each); empty: a person compares."""

    def __init__(
        self,
        objects: ObjectCloud,
        records: RecordCloud,
        key: HybridPrivateKey,
        *,
        trusted: Collection[bytes] = (),
    ) -> None:
        self._objects = objects
        self._records = records
        self._key = key
        self._recipient = key.recipient_id
        self._trusted = trusted
        self._sealing = ObjectSealing()

    async def exams(self) -> Sequence[ArchivedExam]:
        """The newest first."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def listed(document: dict[str, Any]) -> ArchivedExam:
            exam = ExamId(str(document["_id"]))
            async with at_once:
                opened = await self._records.find(
                    documents.ATTEMPTS,
                    fields=("exam",),
                    exam=exam,
                    **{"envelopes.recipient": self._recipient},
                )
            return ArchivedExam(
                exam_id=exam,
                box_id=BoxId(str(document.get("box", ""))),
                state=str(document.get("state", "")),
                closed_ms=(document.get("times") or {}).get("closed_ms"),
                opens=bool(opened),
            )

        there = await self._records.find(documents.EXAMS)
        found = await asyncio.gather(*map(listed, there))
        return sorted(found, key=lambda exam: exam.closed_ms or 0, reverse=True)

    async def open(self, exam: ExamId) -> OpenExam:
        """Verify the exam's manifests and open every attempt's record.

        Raises NotFound, and IntegrityFailure when the copy is not what a box signed. An attempt
        that this key does not open is there, but locked.
        """
        listing = await read_listing(
            self._records,
            exam,
            verify=signing.verify,
            decode=decode,
            trusted=self._trusted,
        )
        stones = await signed_tombstones(
            self._records,
            public_keys={listing.public_key, *self._trusted},
            verify=signing.verify,
            encode=encode,
            exam=exam,
        )
        erased = {stone.attempt_id for stone in stones}
        # A class of 200 over a line with a long delay: not one record after the other.
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def opened(attempt: AttemptId) -> OpenAttempt:
            if attempt in erased:
                return OpenAttempt(
                    attempt_id=attempt, head=None, placed={}, secrets={}, erased=True
                )
            async with at_once:
                return await self._open_attempt(listing, attempt)

        attempts = await asyncio.gather(*[opened(attempt) for attempt in listing.placed])
        return OpenExam(listing=listing, attempts={a.attempt_id: a for a in attempts})

    async def read(
        self, exam: OpenExam, attempt: AttemptId, kind: ObjectKind, sequence: int
    ) -> bytes:
        """One object's plaintext. Raises NotFound, Locked or IntegrityFailure."""
        opened = exam.attempts.get(attempt)
        placed = opened.placed.get((kind, sequence)) if opened else None
        if opened is None or placed is None:
            raise NotFound("The archive has no such picture or video.")
        return await self._read(exam.listing, placed, opened.secrets)

    async def _open_attempt(self, listing: Listing, attempt: AttemptId) -> OpenAttempt:
        secrets = {
            envelope.epoch: await asyncio.to_thread(open_envelope, self._key, envelope)
            for envelope in listing.envelopes.get(attempt, ())
            if envelope.recipient_id == self._recipient
        }
        placed = listing.placed[attempt]
        numbers = [n for kind, n in placed if kind is ObjectKind.RECORD]
        head, plain = None, b""
        if numbers and secrets:
            # A later record (a correction) has the higher number and replaces the earlier one.
            newest = placed[ObjectKind.RECORD, max(numbers)]
            plain = await self._read(listing, newest, secrets)
            record = parse_record(plain)
            if (record["attempt"], record["exam"]) != (attempt, listing.exam_id):
                raise IntegrityFailure("A record speaks of another attempt than its own.")
            head = {name: value for name, value in record.items() if name not in _LONG}
        return OpenAttempt(
            attempt_id=attempt, head=head, placed=placed, secrets=secrets, plain=plain
        )

    async def _read(self, listing: Listing, placed: Placed, secrets: dict[int, bytes]) -> bytes:
        entry = placed.entry
        secret = secrets.get(entry.epoch)
        if secret is None:
            raise Locked(
                "Your key does not open this: it was not among the exam's reviewers, or the data "
                "was erased."
            )
        sealed = await self._objects.get(f"packs/{entry.pack}", placed.offset, entry.size)

        def work() -> bytes:
            if hashlib.sha256(sealed).digest() != entry.sha256:
                raise IntegrityFailure(
                    "An object in the cloud is not the one that was sent: do not use it.",
                    code="object-changed",
                )
            return self._sealing.open(secret, placed.header(listing.chain), sealed)

        return await asyncio.to_thread(work)
