"""The night: ciphertext and records to the cloud, until both are proven to be there.

The order is the promise. Where both ends lie is checked before the first byte; a pack is journalled
before it is sent; a manifest signs what the store answered; what is read back from both stores
decides whether something is *confirmed*. Any step may be cut by power or line: the next run finds
the journal and goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from appliance.core import manifest_payload
from appliance.core.errors import IntegrityFailure, WrongState
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.keys import Envelope
from appliance.core.pack_journal import (
    JournalledManifest,
    JournalledPack,
    PackJournal,
    PackState,
)
from appliance.core.ports import (
    AttemptStore,
    AuditStore,
    Clock,
    EnvelopeStore,
    ExamStore,
    ObjectCloud,
    RecordCloud,
    SnippetStore,
)
from appliance.core.settings import SyncScope
from appliance.services import cloud_documents as documents
from appliance.services.arrived import all_arrived, window_ended
from appliance.services.batching import Batching
from appliance.services.manifest_writer import ManifestWriter
from appliance.services.signing import Decode, Encode


@dataclass(slots=True)
class SyncReport:
    """What one run did. `waiting` are closed exams whose late uploads may still come."""

    objects_at: str
    records_at: str
    packs: int = 0
    bytes: int = 0
    exams: list[ExamId] = field(default_factory=list)
    waiting: list[ExamId] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRows:
    """What the night reads of the box."""

    exams: ExamStore
    attempts: AttemptStore
    snippets: SnippetStore
    envelopes: EnvelopeStore
    journal: PackJournal
    audit: AuditStore


class Sync:
    """`check_location` raises Refused for a place outside the EU/EEA. `progress` is told
    (bytes sent, bytes to send) of the exam being sent; `settle` is asked before an exam is packed,
    for what has no row yet (`services.orphans`); `read_back` proves a sample of it, before anything
    is confirmed, as somebody who may only read (`services.verify_archive`)."""

    def __init__(
        self,
        rows: BoxRows,
        batching: Batching,
        writer: ManifestWriter,
        objects: ObjectCloud,
        records: RecordCloud,
        *,
        box_id: BoxId,
        check_location: Callable[[str], str],
        encode: Encode,
        decode: Decode,
        clock: Clock,
        settle: Callable[[ExamId], Awaitable[object]],
        read_back: Callable[[ExamId], Awaitable[object]],
        progress: Callable[[int, int], None] = lambda sent, total: None,
    ) -> None:
        self._rows = rows
        self._batching = batching
        self._writer = writer
        self._objects = objects
        self._records = records
        self._box_id = box_id
        self._check_location = check_location
        self._encode = encode
        self._decode = decode
        self._clock = clock
        self._settle = settle
        self._read_back = read_back
        self._progress = progress

    async def run(self) -> SyncReport:
        """Send every exam that is due. Raise Refused before the first byte when either end is
        not in the EU/EEA, Unreachable when the line fails; call again to go on."""
        report = SyncReport(
            objects_at=self._check_location(await self._objects.location()),
            records_at=await self._records.check_residency(),
        )
        for exam in await self._rows.exams.all():
            if exam.state is not ExamState.CLOSED or exam.settings.sync is SyncScope.NONE:
                continue
            if await self.due(exam):
                await self._send(exam, report)
                report.exams.append(exam.exam_id)
            else:
                report.waiting.append(exam.exam_id)
        return report

    async def due(self, exam: Exam) -> bool:
        """Whether nothing of the exam can arrive any more."""
        if window_ended(exam, self._clock.now_ms()):
            return True
        attempts = await self._rows.attempts.of_exam(exam.exam_id)
        settled = {a.attempt_id: await self._settled(a.attempt_id) for a in attempts}
        return all_arrived(attempts, settled)

    async def _settled(self, attempt: AttemptId) -> set[int]:
        rows = await self._rows.snippets.snippets(attempt)
        return {row.sequence for row in rows} | set(await self._rows.snippets.refused(attempt))

    async def _send(self, exam: Exam, report: SyncReport) -> None:
        if not any(m.closes for m in await self._rows.journal.manifests(exam.exam_id)):
            await self._settle(exam.exam_id)
        await self._batching.plan(exam)
        await self._upload(await self._packs(exam), report)
        envelopes = await self._envelopes(exam)
        await self._writer.write(exam, envelopes, await self._last_numbers(exam))
        await self._record(exam, envelopes)
        await self._confirm(exam)
        await self._rows.audit.append("box", "sync.confirmed", "archive", exam.exam_id)
        await self._records.upsert(
            documents.EXAMS,
            [documents.exam_document(exam, self._box_id, ExamState.ARCHIVED)],
        )
        await self._rows.exams.replace(
            replace(exam, state=ExamState.ARCHIVED), expected=ExamState.CLOSED
        )

    async def _upload(self, packs: Sequence[JournalledPack], report: SyncReport) -> None:
        waiting = [pack for pack in packs if pack.state is PackState.PLANNED]
        total, sent = sum(pack.size for pack in waiting), 0
        for pack in waiting:
            content = await self._batching.assemble(pack)
            remote = await self._objects.put(f"packs/{pack.name}", content)
            digest = await asyncio.to_thread(hashlib.sha256, content)
            await self._rows.journal.uploaded(
                pack.name, sha256=digest.hexdigest(), crc32c=remote.crc32c
            )
            sent += pack.size
            report.packs += 1
            report.bytes += pack.size
            self._progress(sent, total)

    async def _packs(self, exam: Exam) -> list[JournalledPack]:
        """What is to be in the cloud: an erased attempt's packs are not, wherever the night was
        cut when it was erased."""
        erased = {t.attempt_id for t in await self._rows.journal.tombstones()}
        packs = await self._rows.journal.packs(exam.exam_id)
        return [pack for pack in packs if pack.attempt_id not in erased]

    async def _last_numbers(self, exam: Exam) -> dict[AttemptId, int]:
        attempts = await self._rows.attempts.of_exam(exam.exam_id)
        return {a.attempt_id: a.last_sequence for a in attempts if a.last_sequence is not None}

    async def _envelopes(self, exam: Exam) -> list[Envelope]:
        attempts = await self._rows.attempts.of_exam(exam.exam_id)
        return [
            envelope
            for attempt in attempts
            for envelope in await self._rows.envelopes.of_attempt(attempt.attempt_id)
        ]

    async def _record(self, exam: Exam, envelopes: Sequence[Envelope]) -> None:
        for written in await self._rows.journal.manifests(exam.exam_id):
            await self._objects.put(
                f"manifests/{written.name}",
                self._encode(documents.manifest_object(written)),
            )
        for collection, rows in (await self._documents(exam, envelopes)).items():
            # Only an exam's own document ever changes: its state, and only by this box.
            write = self._records.upsert if collection == documents.EXAMS else self._records.create
            await write(collection, rows)

    async def _confirm(self, exam: Exam) -> None:
        """Read everything of this exam back from both stores and compare; then say confirmed."""
        journal = self._rows.journal
        for pack in await self._packs(exam):
            remote = await self._objects.stat(f"packs/{pack.name}")
            if remote is None or (remote.size, remote.crc32c) != (pack.size, pack.crc32c):
                raise IntegrityFailure(
                    "The object store does not have what it took: nothing is deleted here. Ask "
                    "the technician."
                )
        envelopes = await self._envelopes(exam)
        for collection, sent in (await self._documents(exam, envelopes)).items():
            key = "_id" if collection == documents.EXAMS else "exam"
            if not documents.same(
                await self._records.find(collection, **{key: exam.exam_id}), sent
            ):
                raise IntegrityFailure(
                    "The database does not have what it took: nothing is deleted here. Ask the "
                    "technician."
                )
        await self._read_back(exam.exam_id)
        for written in await journal.manifests(exam.exam_id):
            remote = await self._objects.stat(f"manifests/{written.name}")
            expected = len(self._encode(documents.manifest_object(written)))
            if remote is None or remote.size != expected:
                raise IntegrityFailure("A manifest is missing from the object store.")
            await journal.confirm(exam.exam_id, written.number, self._clock.now_ms())
        if any(p.state is not PackState.CONFIRMED for p in await self._packs(exam)):
            raise WrongState("Another run is sending this exam: try again when it is done.")

    async def _documents(
        self, exam: Exam, envelopes: Sequence[Envelope]
    ) -> dict[str, list[dict[str, object]]]:
        packs = await self._packs(exam)
        written = await self._rows.journal.manifests(exam.exam_id)
        return {
            documents.EXAMS: [documents.exam_document(exam, self._box_id, ExamState.CLOSED)],
            documents.ATTEMPTS: documents.attempt_documents(exam.exam_id, self._box_id, envelopes),
            documents.PACKS: [documents.pack_document(pack, self._box_id) for pack in packs],
            documents.MANIFESTS: [self._manifest_document(manifest) for manifest in written],
        }

    def _manifest_document(self, written: JournalledManifest) -> dict[str, object]:
        parsed = manifest_payload.parse(self._decode(written.payload))
        return documents.manifest_document(written, parsed)
