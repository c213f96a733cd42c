"""The night: ciphertext and records to the cloud, until both are proven to be there.

The order is the promise. Where both ends lie is checked before the first byte; a pack is journalled
before it is sent; a manifest signs what the store answered; what is read back from both stores
decides whether something is *confirmed*. Any step may be cut by power or line: the next run finds
the journal and goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from appliance.core.errors import Refused
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.keys import Envelope
from appliance.core.pack_journal import PackHead, PackJournal, PackState
from appliance.core.ports import (
    AttemptStore,
    AuditStore,
    Clock,
    Content,
    EnvelopeStore,
    ExamStore,
    ObjectCloud,
    RecordCloud,
    SnippetStore,
)
from appliance.core.settings import SyncScope
from appliance.services.arrived import arrived, window_ended
from appliance.services.batching import Batching
from appliance.services.manifest_writer import ManifestWriter
from appliance.services.paced_line import Closed, PacedLine
from appliance.services.recording import Recording
from appliance.services.uploading import CONTENT_BYTES, METERED, Uploading, in_order


@dataclass(slots=True)
class SyncReport:
    """What one run did. `waiting` are closed exams whose late uploads may still come; `stopped` is
    why the run ended before all was sent, in words."""

    objects_at: str
    records_at: str
    packs: int = 0
    bytes: int = 0
    exams: list[ExamId] = field(default_factory=list)
    waiting: list[ExamId] = field(default_factory=list)
    stopped: str = ""


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
    (bytes sent, bytes to send) after each pack; `replay` carries the cloud's tombstones out, as the
    first thing the database is asked for; `settle` is asked before an exam is packed, for what has
    no row yet (`services.orphans`)."""

    def __init__(
        self,
        rows: BoxRows,
        batching: Batching,
        writer: ManifestWriter,
        recording: Recording,
        objects: ObjectCloud,
        records: RecordCloud,
        line: PacedLine,
        *,
        box_id: BoxId,
        check_location: Callable[[str], str],
        clock: Clock,
        replay: Callable[[], Awaitable[object]],
        settle: Callable[[ExamId], Awaitable[object]],
        crc32c: Callable[[Content], str],
        content_bytes: int = CONTENT_BYTES,
        progress: Callable[[int, int], None] = lambda sent, total: None,
    ) -> None:
        self._rows = rows
        self._batching = batching
        self._writer = writer
        self._recording = recording
        self._objects = objects
        self._records = records
        self._line = line
        self._box_id = box_id
        self._check_location = check_location
        self._clock = clock
        self._replay = replay
        self._settle = settle
        self._crc32c = crc32c
        self._content_bytes = content_bytes
        self._progress = progress

    async def run(self) -> SyncReport:
        """Send every exam that is due, until all is there or the window ends.

        Raise Refused before the first byte when no window is open or when either end is not in the
        EU/EEA, Unreachable when the line fails; call again to go on.
        """
        await self._line.ready()
        report = SyncReport(
            objects_at=self._check_location(await self._objects.location()),
            records_at=await self._records.check_residency(),
        )
        await self._replay()
        due: dict[ExamId, Exam] = {}
        for exam in await self._rows.exams.all():
            if exam.state is not ExamState.CLOSED or exam.settings.sync is SyncScope.NONE:
                continue
            if await self.due(exam):
                await self._prepare(exam)
                due[exam.exam_id] = exam
            else:
                report.waiting.append(exam.exam_id)
        try:
            await self._send(due, report)
        except Refused as stop:
            if stop.code not in tuple(Closed):
                raise
            report.stopped = stop.message
        return report

    async def due(self, exam: Exam) -> bool:
        """Whether nothing of the exam can arrive any more."""
        if window_ended(exam, self._clock.now_ms()):
            return True
        for attempt in await self._rows.attempts.of_exam(exam.exam_id):
            if not arrived(attempt, await self._settled(attempt.attempt_id)):
                return False
        return True

    async def _settled(self, attempt: AttemptId) -> set[int]:
        rows = await self._rows.snippets.snippets(attempt)
        return {row.sequence for row in rows} | set(await self._rows.snippets.refused(attempt))

    async def _prepare(self, exam: Exam) -> None:
        if not await self._rows.journal.closed(exam.exam_id):
            await self._settle(exam.exam_id)
        await self._batching.plan(exam)

    async def _send(self, due: Mapping[ExamId, Exam], report: SyncReport) -> None:
        """Packs of all exams in one order; an exam is proven as soon as its last pack is there."""
        heads = [head for exam in due for head in await self._recording.heads(exam)]
        order = in_order(heads, records_only=self._line.records_only)
        total = sum(head.size for head in order)

        def uploaded(head: PackHead) -> None:
            report.packs += 1
            report.bytes += head.size
            self._progress(report.bytes, total)

        def carried(head: PackHead) -> AbstractAsyncContextManager[None]:
            return self._line.carrying(records=head.priority in METERED)

        async def complete(exam: ExamId) -> None:
            states = {head.state for head in await self._recording.heads(exam)}
            if PackState.PLANNED not in states:  # a metered line leaves some for later
                await self._complete(due[exam])
                report.exams.append(exam)

        self._progress(0, total)
        waiting = {head.exam_id for head in order}
        for exam in due:
            if exam not in waiting:
                await complete(exam)
        uploading = Uploading(
            self._rows.journal,
            self._batching,
            self._objects,
            crc32c=self._crc32c,
            content_bytes=self._content_bytes,
            carried=carried,
            uploaded=uploaded,
            complete=complete,
        )
        await uploading.send(order)

    async def _complete(self, exam: Exam) -> None:
        envelopes = await self._envelopes(exam)
        await self._writer.write(exam, envelopes, await self._last_numbers(exam))
        await self._recording.record(exam, envelopes)
        await self._recording.confirm(exam, envelopes)
        await self._recording.archived(exam)
        await self._rows.audit.append("box", "sync.confirmed", "archive", exam.exam_id)
        await self._rows.exams.replace(
            replace(exam, state=ExamState.ARCHIVED), expected=ExamState.CLOSED
        )

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
