"""The end of an exam, in the order of ARCHITECTURE.md, "Close". Each step may be done again, so
a gateway that died in the middle finishes the close when it starts (`finish_unfinished`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog

from appliance.core.attempt import Attempt
from appliance.core.attendance import AttendanceStore
from appliance.core.batch import flagged_sequences
from appliance.core.errors import HallvaktError, Locked
from appliance.core.exam import IN_SESSION, Exam, ExamState
from appliance.core.handover import HandoverStore
from appliance.core.ids import AttemptId, ExamId
from appliance.core.incident import is_withdrawn
from appliance.core.observation import Incident
from appliance.core.ports import (
    AttemptStore,
    AuditStore,
    Clock,
    ExamStore,
    MediaWorkers,
    ObservationStore,
    Relay,
    SnippetStore,
    UserStore,
)
from appliance.core.roles import Role
from appliance.core.snippet import ObjectKind
from appliance.services.access import Access, ExamFor
from appliance.services.channels import Channels
from appliance.services.hall import Halls
from appliance.services.ingest import Ingest
from appliance.services.key_ring import KeyRing
from appliance.services.live_view import LiveViews
from appliance.services.looking import Looking
from appliance.services.names import Names
from appliance.services.portraits import Portraits
from appliance.services.records import record
from appliance.services.remarks import Remarks
from appliance.services.sealed_objects import SealedObjects
from appliance.services.watch import Watch

log = structlog.get_logger(__name__)

DRAIN_S = 5.0
ANALYSES_S = 20.0
WITHOUT_WORKERS_S = 2.0  # time for one that just died to come back
REPORT_ACTION = "close-report"

Encode = Callable[[Any], bytes]
Flag = Callable[[ExamId, AttemptId, Collection[int]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseReport:
    """`views_ended_s`: from the state `closed` until both ends of every view were told and the
    relay had no allocation left. `unanalysed`: snippets kept that nobody looked at.
    `audit_head`: hexadecimal hash of the audit entry that holds this report, the last one of the
    log at that moment; `audit_words`: its first 80 bits as eight words, for the paper record."""

    exam_id: ExamId
    closed_ms: int
    late_until_ms: int
    attempts: int
    views_ended: int
    views_ended_s: float
    snippets: int
    unanalysed: int
    incidents: int
    undecided: int
    live_key_destroyed: bool
    audit_head: str = ""
    audit_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    snippets: int
    unanalysed: int
    incidents: int
    undecided: int


class CloseExam:
    """`encode` is deterministic CBOR; `flag` remembers which snippets lie near an observation,
    for the order of the night; `words` writes a hash for people."""

    def __init__(
        self,
        *,
        access: Access,
        exams: ExamStore,
        attempts: AttemptStore,
        attendance: AttendanceStore,
        handovers: HandoverStore,
        snippets: SnippetStore,
        observations: ObservationStore,
        users: UserStore,
        audit: AuditStore,
        objects: SealedObjects,
        keys: KeyRing,
        relay: Relay,
        live_views: LiveViews,
        ingest: Ingest,
        looking: Looking,
        workers: MediaWorkers,
        watch: Watch,
        halls: Halls,
        channels: Channels,
        names: Names,
        portraits: Portraits,
        clock: Clock,
        encode: Encode,
        flag: Flag,
        words: Callable[[bytes], str],
        remarks: Remarks,
    ) -> None:
        self._access = access
        self._exams = exams
        self._attempts = attempts
        self._attendance = attendance
        self._handovers = handovers
        self._snippets = snippets
        self._observations = observations
        self._users = users
        self._audit = audit
        self._objects = objects
        self._keys = keys
        self._relay = relay
        self._live_views = live_views
        self._ingest = ingest
        self._looking = looking
        self._workers = workers
        self._watch = watch
        self._halls = halls
        self._channels = channels
        self._names = names
        self._portraits = portraits
        self._clock = clock
        self._encode = encode
        self._flag = flag
        self._words = words
        self._remarks = remarks

    async def close(self, asked: ExamFor) -> CloseReport:
        """Runs to its end even when the caller goes away in the middle."""
        exam = asked.exam
        await self._access.note(asked.person, "close", exam.exam_id, asked.action.value)
        closed = replace(exam, state=ExamState.CLOSED, closed_ms=self._clock.now_ms())
        await self._exams.replace(closed, expected=exam.state)
        return await asyncio.shield(asyncio.ensure_future(self._finish(closed)))

    async def finish_unfinished(self) -> None:
        """At the gateway's start: closes that a crash cut short."""
        closed = [e for e in await self._exams.all() if e.state is ExamState.CLOSED]
        if not closed:
            return
        reported = {e.about for e in await self._audit.entries() if e.action == REPORT_ACTION}
        for exam in closed:
            if exam.exam_id not in reported:
                log.warning("finishing a close that was cut short")
                await self._finish(exam)

    async def _finish(self, exam: Exam) -> CloseReport:
        exam_id = exam.exam_id
        views, views_s = await self._end_views(exam)
        self._channels.refresh_exam(exam_id)
        await self._ingest.drain(exam_id, DRAIN_S)
        await self._looking.finish(
            exam_id, ANALYSES_S if self._workers.alive else WITHOUT_WORKERS_S
        )
        attempts = list(await self._attempts.of_exam(exam_id))
        for attempt in attempts:
            await self._watch.pause(exam, attempt)
        await self._watch.forget_exam(exam_id)
        try:
            counts = await self._seal_records(exam, attempts)
        except HallvaktError:
            # Promise 4 does not wait for a full disk: the rows are sealed after the next start.
            await self._keys.destroy(exam_id)
            raise
        await self._observations.remove_of_exam(exam_id)
        await self._attendance.forget_act_notes(exam_id)
        await self._handovers.forget(exam_id)
        self._names.forget(exam_id)
        await self._keys.destroy(exam_id)
        for attempt in attempts:
            await self._portraits.end(attempt.attempt_id)
        report = CloseReport(
            exam_id=exam_id,
            closed_ms=exam.closed_ms or 0,
            late_until_ms=(exam.closed_ms or 0) + exam.settings.late_upload_minutes * 60_000,
            attempts=len(attempts),
            views_ended=views,
            views_ended_s=round(views_s, 3),
            live_key_destroyed=not await self._opens(exam_id),
            snippets=counts.snippets,
            unanalysed=counts.unanalysed,
            incidents=counts.incidents,
            undecided=counts.undecided,
        )
        await self._end_logins(exam_id)
        entry = await self._audit.append("box", REPORT_ACTION, _as_json(report), exam_id)
        self._halls.leave(exam_id)
        return replace(report, audit_head=entry.hash.hex(), audit_words=self._words(entry.hash))

    async def _end_views(self, exam: Exam) -> tuple[int, float]:
        started = self._clock.monotonic()
        views = self._live_views.end_exam(exam.exam_id, "The exam is closed.")
        self._halls.exam_changed(exam)
        try:
            await self._relay.stop(exam.exam_id)
        except HallvaktError as error:
            log.error("relay not stopped", code=error.code)
        return views, self._clock.monotonic() - started

    async def _seal_records(self, exam: Exam, attempts: list[Attempt]) -> _Counts:
        incidents = [
            i for i in await self._observations.incidents(exam.exam_id) if not is_withdrawn(i)
        ]
        hall_events = await self._observations.hall_events(exam.exam_id)
        audit = await self._audit.entries()
        snippets = unanalysed = 0
        for attempt in attempts:
            rows = sorted(
                await self._snippets.snippets(attempt.attempt_id), key=lambda s: s.sequence
            )
            snippets += len(rows)
            unanalysed += sum(1 for row in rows if not row.analysed and not row.late)
            if await self._snippets.objects(attempt.attempt_id, ObjectKind.RECORD):
                await self._remarks.remove(attempt.attempt_id)
                continue  # sealed before the close was cut short
            observations = await self._observations.observations(attempt.attempt_id)
            mine: list[Incident] = [i for i in incidents if i.attempt_id == attempt.attempt_id]
            await self._flag(
                exam.exam_id, attempt.attempt_id, flagged_sequences(rows, observations)
            )
            remark = await self._remarks.of(attempt.attempt_id)
            plain = self._encode(
                record(
                    exam,
                    attempt,
                    rows,
                    observations,
                    mine,
                    audit,
                    await self._attendance.breaks(attempt.attempt_id),
                    await self._attendance.seats_left(attempt.attempt_id),
                    await self._attendance.act_notes(attempt.attempt_id),
                    remark,
                    hall_events,
                )
            )
            await self._objects.seal_and_keep(exam, attempt.attempt_id, ObjectKind.RECORD, 1, plain)
            await self._remarks.remove(attempt.attempt_id)
        return _Counts(
            snippets=snippets,
            unanalysed=unanalysed,
            incidents=len(incidents),
            undecided=sum(1 for i in incidents if i.decision is None),
        )

    async def _opens(self, exam: ExamId) -> bool:
        """Ask the key ring for a key as anybody would: the proof that there is none."""
        try:
            await self._keys.identity_key(exam)
        except Locked:
            return False
        return True

    async def _end_logins(self, exam: ExamId) -> None:
        """Invigilators' logins end with their last exam; leads go on to see the report."""
        left = {e.exam_id for e in await self._exams.all() if e.state in IN_SESSION}
        for user in await self._users.all():
            over = exam in user.exams and not (user.exams & left) and not user.all_exams
            if user.role is Role.INVIGILATOR and over:
                await self._users.end_logins(user=user.user_id)


def _as_json(report: CloseReport) -> str:
    """Without the hash of the entry that it is about to stand in."""
    return json.dumps({k: v for k, v in asdict(report).items() if not k.startswith("audit_")})
