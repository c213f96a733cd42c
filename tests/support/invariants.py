"""What must hold of a box's state directory whatever happened to it; one place, used by every test
that breaks something.

* what was acknowledged is present, byte for byte what the page sent
* a row has an object that verifies: size, digest, header, and opened where a key is at hand
* an object without a row is adopted or kept aside, and never deleted
* a close is recorded once
* the audit log's chain holds
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.objects import ObjectSealing, read_header
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.stores import Stores, open_stores
from appliance.core.audit import verify
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId, ExamId, ObjectName
from appliance.core.snippet import ObjectHeader

_SOON_S = 90.0


@dataclass(slots=True)
class Kept:
    """What the outside world was promised so far, and which objects were ever seen.

    `acknowledged`: attempt and number to the SHA-256 (hexadecimal) of what the page sent.
    """

    acknowledged: dict[tuple[str, int], str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    audit_entries: int = 0

    def promise(self, attempt: str, sequence: int, media: bytes) -> None:
        self.acknowledged[attempt, sequence] = hashlib.sha256(media).hexdigest()


@asynccontextmanager
async def opened(state: Path) -> AsyncIterator[Stores]:
    stores = await asyncio.to_thread(open_stores, state)
    try:
        yield stores
    finally:
        await stores.close()


async def check(
    state: Path, kept: Kept, *, settled: bool, reviewer: PrivateKey | None = None
) -> None:
    """`settled`: a gateway has started on this state since the fault, so nothing may be without a
    row or a note of why. With `reviewer` every object is opened."""
    async with opened(state) as stores:
        await _acknowledged(stores, kept)
        there = await asyncio.to_thread(lambda: set(objects_in(state)))
        assert kept.seen <= there, "an object was deleted"
        kept.seen |= there
        await _rows(stores, state, reviewer)
        if settled:
            await _nobodys(stores, there)
        await _closes(stores)
        entries = await stores.audit.entries()
        assert verify(entries) >= kept.audit_entries
        kept.audit_entries = len(entries)


async def _acknowledged(stores: Stores, kept: Kept) -> None:
    by_attempt: dict[str, dict[int, str]] = {}
    for (attempt, sequence), digest in kept.acknowledged.items():
        by_attempt.setdefault(attempt, {})[sequence] = digest
    for attempt, wanted in by_attempt.items():
        rows = await stores.snippets.snippets(AttemptId(attempt))
        here = {row.sequence: row.plain_sha256 for row in rows}
        lost = {n for n, digest in wanted.items() if here.get(n) != digest}
        assert not lost, f"acknowledged and not kept: {sorted(lost)} of {attempt}"


async def _rows(stores: Stores, state: Path, reviewer: PrivateKey | None) -> None:
    secrets: dict[tuple[AttemptId, int], bytes] = {}
    blobs = DirectoryBlobs(state / "blobs")
    for exam in await stores.exams.all():
        for stored in await stores.snippets.objects_of_exam(exam.exam_id):
            sealed = await blobs.get(ObjectName(stored.name))
            assert (len(sealed), hashlib.sha256(sealed).hexdigest()) == (stored.size, stored.sha256)
            assert read_header(sealed) == stored.header
            if reviewer is not None:
                key = await _secret(stores, secrets, stored.header, reviewer)
                ObjectSealing().open(key, stored.header, sealed)


async def _secret(
    stores: Stores,
    known: dict[tuple[AttemptId, int], bytes],
    header: ObjectHeader,
    reviewer: PrivateKey,
) -> bytes:
    place = (header.attempt_id, header.epoch)
    if place not in known:
        opening = reviewer.for_opening()
        (envelope,) = [
            e
            for e in await stores.envelopes.of_attempt(header.attempt_id)
            if (e.recipient_id, e.epoch) == (opening.recipient_id, header.epoch)
        ]
        known[place] = open_envelope(opening, envelope)
    return known[place]


async def _nobodys(stores: Stores, there: set[str]) -> None:
    """The box may be at work: what has no row yet gets one, or a note, in a moment."""
    async with asyncio.timeout(_SOON_S):
        while left := there - await _names(stores):  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.02)
    assert not left, "objects with neither a row nor a note"


async def _names(stores: Stores) -> set[str]:
    """Of all rows and all notes."""
    names: set[str] = {found.name for found in await QuarantineRows(stores.box).all()}
    for exam in await stores.exams.all():
        names |= {o.name for o in await stores.snippets.objects_of_exam(exam.exam_id)}
    return names


async def _closes(stores: Stores) -> None:
    reports = Counter(
        entry.about for entry in await stores.audit.entries() if entry.action == "close-report"
    )
    for exam in await stores.exams.all():
        assert reports[exam.exam_id] <= 1, "a close was reported twice"
        if exam.state in {ExamState.DRAFT, ExamState.READY, ExamState.OPEN, ExamState.LIVE}:
            assert not reports[exam.exam_id]
        assert await close_records(stores, exam.exam_id) <= 1


async def close_records(stores: Stores, exam: ExamId) -> int:
    return sum([manifest.closes async for manifest in Packs(stores.box).manifests(exam)])


def objects_in(state: Path) -> list[str]:
    """Names of the objects on the disk; what is being written has none yet."""
    found = (state / "blobs").glob("*/*")
    return [path.name for path in found if not path.name.startswith(".")]
