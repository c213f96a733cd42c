"""Deleting what `core.retention` allows, and nothing else.

Two different deletions: the box's own copy goes early once the cloud's is proven; everything of an
exam goes, everywhere, when its retention ends. Blobs go before their rows: after a cut there may be
a row without a blob, which the next run finishes, never a blob that nothing knows of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from appliance.core.erasure import TombstoneLog
from appliance.core.errors import HallvaktError, Refused, Unreachable
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, ExamId, ObjectName
from appliance.core.legal_hold import LegalHolds
from appliance.core.pack_journal import PackJournal, Tombstone
from appliance.core.ports import (
    AttemptStore,
    AuditStore,
    BlobStore,
    Clock,
    EnvelopeStore,
    ExamStore,
    IdentityStore,
    ObservationStore,
    SnippetStore,
)
from appliance.core.quarantine import Aside, Quarantine
from appliance.core.retention import Held, Place, Reason, may_delete
from appliance.services import cloud_documents as documents
from appliance.services.arrived import window_ended
from appliance.services.erasure_in_cloud import Eraser, erase_decisions

_CLOSED = frozenset({ExamState.CLOSED, ExamState.ARCHIVED})


@dataclass(slots=True)
class PurgeReport:
    """`purged` objects of the box and their `bytes`; `kept` counts the rest by reason.
    `remote_left`: exams whose cloud copy could not be deleted yet; `held` those under a legal
    hold; `refused`: why the cloud was not even asked, for example for where it lies."""

    purged: int = 0
    bytes: int = 0
    exams_ended: list[ExamId] = field(default_factory=list)
    remote_left: list[ExamId] = field(default_factory=list)
    held: list[ExamId] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    refused: HallvaktError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Every place where the box keeps something of an exam."""

    exams: ExamStore
    attempts: AttemptStore
    snippets: SnippetStore
    observations: ObservationStore
    envelopes: EnvelopeStore
    identities: IdentityStore
    blobs: BlobStore
    journal: PackJournal
    audit: AuditStore
    holds: LegalHolds
    quarantine: Quarantine
    tombstones: TombstoneLog


class Purge:
    """Without an `eraser` what has ended goes from the box and stays listed as `remote_left`."""

    def __init__(self, box: Belongings, clock: Clock, eraser: Eraser | None = None) -> None:
        self._box = box
        self._clock = clock
        self._eraser = eraser

    async def run(self) -> PurgeReport:
        report = PurgeReport()
        for exam in await self._box.exams.all():
            if exam.state not in _CLOSED:
                continue
            if not window_ended(exam, self._clock.now_ms()) and exam.state is ExamState.CLOSED:
                continue  # late uploads may still come
            held = await self._box.holds.get(exam.exam_id) is not None
            if held:
                report.held.append(exam.exam_id)
            await self._own_copies(exam, report, legal_hold=held)
            everything = Held(
                place=Place.CLOUD,
                exam_state=exam.state,
                closed_ms=exam.closed_ms,
                legal_hold=held,
            )
            now_ms = self._clock.now_ms()
            if may_delete(everything, exam.settings.retention, now_ms).allowed:
                await self._end(exam, report)
        return report

    async def _own_copies(self, exam: Exam, report: PurgeReport, *, legal_hold: bool) -> None:
        confirmed: dict[ObjectName, int | None] = {}
        if exam.state is ExamState.ARCHIVED:  # not before all of the exam is proven
            for head in await self._box.journal.heads(exam.exam_id):
                pack = await self._box.journal.pack(head.name)
                confirmed.update((o.name, pack.confirmed_ms) for o in pack.objects)
        reasons: Counter[Reason] = Counter()
        for stored in await self._box.snippets.objects_of_exam(exam.exam_id):
            held = Held(
                place=Place.BOX,
                exam_state=exam.state,
                closed_ms=exam.closed_ms,
                confirmed_ms=confirmed.get(stored.name),
                legal_hold=legal_hold,
            )
            verdict = may_delete(held, exam.settings.retention, self._clock.now_ms())
            if not verdict.allowed:
                report.kept[verdict.reason.value] += 1
                continue
            if not reasons:
                # Written before the first deletion: no entry, no deletion.
                await self._box.audit.append("box", "purge", verdict.reason.value, exam.exam_id)
            reasons[verdict.reason] += 1
            await self._box.blobs.delete(stored.name)
            await self._box.snippets.remove_object(stored.name)
            report.purged += 1
            report.bytes += stored.size

    async def _end(self, exam: Exam, report: PurgeReport) -> None:
        """Retention has ended: keys first, so that what a failure leaves behind is unreadable."""
        now_ms, exam_id = self._clock.now_ms(), exam.exam_id
        await self._box.audit.append("box", "purge", Reason.RETENTION_ENDED.value, exam_id)
        # The exam's own id stands for its names, whose key has it for an attempt's.
        attempts = [a.attempt_id for a in await self._box.attempts.of_exam(exam_id)]
        stones = [
            Tombstone(
                exam_id=exam_id,
                attempt_id=attempt,
                at_ms=now_ms,
                reason=Reason.RETENTION_ENDED.value,
            )
            for attempt in (*attempts, AttemptId(exam_id))
        ]
        await self._box.tombstones.append(stones)
        for stone in stones:
            await self._box.journal.add_tombstone(stone)
            await self._box.envelopes.delete(stone.attempt_id)
        await self._box.identities.delete(exam_id)
        await self._box.observations.remove_of_exam(exam_id)
        for aside in await self._box.quarantine.of_exam(exam_id):
            if aside.why is Aside.ERASED:
                continue  # the replay of tombstones tries it
            await self._box.blobs.delete(aside.name)
            await self._box.quarantine.remove(aside.name)
        if not await self._gone_from_cloud(exam, report):
            report.remote_left.append(exam_id)
            return
        await self._box.attempts.remove_of_exam(exam_id)
        await self._box.journal.forget(exam_id)
        if exam.state is ExamState.CLOSED:
            archived = replace(exam, state=ExamState.ARCHIVED)
            await self._box.exams.replace(archived, expected=ExamState.CLOSED)
        await self._box.exams.replace(
            replace(exam, state=ExamState.PURGED), expected=ExamState.ARCHIVED
        )
        report.exams_ended.append(exam_id)

    async def _gone_from_cloud(self, exam: Exam, report: PurgeReport) -> bool:
        packs = await self._box.journal.heads(exam.exam_id)
        manifests = [m.name async for m in self._box.journal.manifests(exam.exam_id)]
        if not packs and not manifests:
            return True
        if self._eraser is None:
            return False
        try:
            # Keys first, also while the store cannot be reached: each end is asked before its turn.
            await self._eraser.records.check_residency()
            await self._eraser.records.delete(documents.ATTEMPTS, exam=exam.exam_id)
            await self._eraser.check()
            for pack in packs:
                await self._eraser.objects.delete(f"packs/{pack.name}")
            for name in manifests:
                await self._eraser.objects.delete(f"manifests/{name}")
            await erase_decisions(self._eraser.objects, self._eraser.records, exam=exam.exam_id)
            for collection in (documents.PACKS, documents.MANIFESTS, documents.RECEIPTS):
                await self._eraser.records.delete(collection, exam=exam.exam_id)
            await self._eraser.records.delete(documents.EXAMS, _id=exam.exam_id)
        except Unreachable:
            return False
        except Refused as refused:  # the box's own copies go on being deleted
            report.refused = refused
            return False
        return True


def first_problem(report: PurgeReport) -> HallvaktError | None:
    """For the exit code: what has ended but is not gone everywhere is an open promise."""
    if report.refused is not None:
        return report.refused
    if not report.remote_left:
        return None
    return Unreachable(
        f"Retention of {len(report.remote_left)} exam(s) has ended, but the cloud copy is not "
        "deleted yet: check the line and cloud.eraser; the janitor tries again."
    )
