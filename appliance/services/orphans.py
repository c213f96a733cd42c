"""Ciphertext without a row, after a crash: adopted where that is sound, else kept aside.

A photo, a descriptor or a record is made once; the newest is adopted at the gateway's start. A
snippet is not: its row needs the digest of what the page sent, which nothing sealed holds, and the
page still has the snippet and sends it again. So snippets and their stills wait aside until
nothing of the exam can arrive any more; those whose number is still missing then are adopted as
objects, travel with the night and open with the reviewer's key, like footage that came late.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.exam import ExamState
from appliance.core.ids import BoxId, ExamId, ObjectName
from appliance.core.ports import (
    AttemptStore,
    BlobStore,
    Clock,
    EnvelopeStore,
    ExamStore,
    SnippetStore,
)
from appliance.core.quarantine import Aside, Quarantine, Quarantined
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject

log = structlog.get_logger(__name__)

_SENT = frozenset({ExamState.ARCHIVED, ExamState.PURGED})
_MADE_ONCE = frozenset(
    {ObjectKind.PORTRAIT, ObjectKind.DESCRIPTOR, ObjectKind.RECORD, ObjectKind.REMARK}
)
_MADE_AGAIN = frozenset({ObjectKind.SNIPPET, ObjectKind.THUMBNAIL})

ReadHeader = Callable[[bytes], ObjectHeader]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanRows:
    exams: ExamStore
    attempts: AttemptStore
    envelopes: EnvelopeStore
    snippets: SnippetStore
    quarantine: Quarantine


class Orphans:
    """`read_header` raises IntegrityFailure for what is no object of this format."""

    def __init__(
        self,
        rows: OrphanRows,
        blobs: BlobStore,
        clock: Clock,
        *,
        box_id: BoxId,
        read_header: ReadHeader,
    ) -> None:
        self._rows = rows
        self._blobs = blobs
        self._clock = clock
        self._box_id = box_id
        self._read_header = read_header

    async def find(self) -> int:
        """Look through the blobs before anybody is answered; return how many are kept aside."""
        names = [name async for name in self._blobs.names()]
        for name in await self._rows.quarantine.without_row(names):
            await self._take_in(name)
        aside = [a for a in await self._rows.quarantine.all() if a.why is not Aside.ERASED]
        if aside:
            by_reason = Counter(found.why.value for found in aside)
            log.warning("stored objects without a row are kept aside", **by_reason)
        return len(aside)

    async def settle(self, exam: ExamId) -> int:
        """Nothing of `exam` can arrive any more: adopt what is missing; return how many."""
        adopted = 0
        for found in await self._rows.quarantine.of_exam(exam):
            if found.why is not Aside.WAITING or found.header is None:
                continue
            if await self._taken(found.header):
                await self._rows.quarantine.put(replace(found, why=Aside.SUPERSEDED))
                continue
            await self._adopt(found, found.header)
            adopted += 1
        return adopted

    async def _take_in(self, name: ObjectName) -> None:
        try:
            content = await self._blobs.get(name)
        except NotFound:
            return  # deleted since it was listed
        found = Quarantined(
            name=name,
            header=self._header(content),
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            found_ms=self._clock.now_ms(),
            why=Aside.WAITING,
        )
        why = await self._why(found.header)
        if why is None and found.header is not None:
            await self._adopt(found, found.header)
        else:
            await self._rows.quarantine.put(replace(found, why=why or Aside.UNREADABLE))

    def _header(self, content: bytes) -> ObjectHeader | None:
        try:
            return self._read_header(content)
        except IntegrityFailure:
            return None

    async def _why(self, header: ObjectHeader | None) -> Aside | None:
        """Why it is kept aside; None when it can be adopted at once."""
        if header is None:
            return Aside.UNREADABLE
        if not await self._known(header):
            return Aside.UNKNOWN
        if await self._taken(header):
            return Aside.SUPERSEDED
        exam = await self._rows.exams.get(header.exam_id)
        if exam.state in _SENT:
            return Aside.TOO_LATE
        return Aside.WAITING if header.kind in _MADE_AGAIN else None

    async def _known(self, header: ObjectHeader) -> bool:
        if header.box_id != self._box_id or header.kind not in _MADE_ONCE | _MADE_AGAIN:
            return False
        try:
            attempt = await self._rows.attempts.get(header.attempt_id)
        except NotFound:
            return False
        envelopes = await self._rows.envelopes.of_attempt(attempt.attempt_id)
        return attempt.exam_id == header.exam_id and header.epoch in {e.epoch for e in envelopes}

    async def _taken(self, header: ObjectHeader) -> bool:
        rows = await self._rows.snippets.objects(header.attempt_id, header.kind)
        numbers = {row.header.sequence for row in rows}
        if header.kind in _MADE_ONCE:  # a new photo takes the next number and the place of the old
            return any(number >= header.sequence for number in numbers)
        return header.sequence in numbers

    async def _adopt(self, found: Quarantined, header: ObjectHeader) -> None:
        stored = StoredObject(
            name=found.name,
            header=header,
            size=found.size,
            sha256=found.sha256,
            stored_ms=found.found_ms,
        )
        await self._rows.snippets.add_object(stored)
        await self._rows.quarantine.remove(found.name)
        log.warning("a stored object without a row was adopted", kind=header.kind.name)
