"""An exam from `ready` over `open` to `live`, and back into session after a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from appliance.core.attempt import Attempt, AttemptState
from appliance.core.attendance import AttendanceStore, Break
from appliance.core.errors import HallvaktError, WrongState
from appliance.core.exam import IN_SESSION, Exam, ExamState
from appliance.core.handover import HandoverStore
from appliance.core.ids import AttemptId, ExamId
from appliance.core.incident import is_withdrawn
from appliance.core.keys import Recipient, RecipientKind
from appliance.core.ports import AttemptStore, Clock, ExamStore, ObservationStore, Relay
from appliance.core.settings import ExamSettings
from appliance.core.settings_hash import settings_hash
from appliance.services.access import Access, ExamFor
from appliance.services.arrivals import Arrivals
from appliance.services.attempt_life import AttemptLife
from appliance.services.channels import Channels
from appliance.services.hall import Halls
from appliance.services.start_gate import StartGate
from appliance.services.unlocking import Unlocking

log = structlog.get_logger(__name__)


class ExamLife:
    """`recipients`: whom new keys are wrapped for; empty when no list is installed.
    `check_policy` raises WrongConfiguration for settings beyond the school's ceilings."""

    def __init__(
        self,
        *,
        access: Access,
        exams: ExamStore,
        attempts: AttemptStore,
        attendance: AttendanceStore,
        handovers: HandoverStore,
        observations: ObservationStore,
        life: AttemptLife,
        arrivals: Arrivals,
        halls: Halls,
        channels: Channels,
        unlocking: Unlocking,
        relay: Relay,
        recipients: Callable[[], Sequence[Recipient]],
        clock: Clock,
        check_policy: Callable[[ExamSettings], None],
        gate: StartGate,
    ) -> None:
        self._access = access
        self._exams = exams
        self._attempts = attempts
        self._attendance = attendance
        self._handovers = handovers
        self._observations = observations
        self._life = life
        self._arrivals = arrivals
        self._halls = halls
        self._channels = channels
        self._unlocking = unlocking
        self._relay = relay
        self._recipients = recipients
        self._clock = clock
        self._check_policy = check_policy
        self._gate = gate

    async def ready(self, asked: ExamFor) -> Exam:
        """Freeze the settings: what candidates read in the notice is what will happen."""
        exam = asked.exam
        if not await self._attempts.of_exam(exam.exam_id):
            raise WrongState("The exam has no roster: import one first.", code="no-roster")
        self._check_policy(exam.settings)  # it may have become stricter since the exam was made
        await self._access.note(asked.person, "ready", exam.exam_id, asked.action.value)
        frozen = replace(exam, state=ExamState.READY, settings_hash=settings_hash(exam.settings))
        await self._exams.replace(frozen, expected=exam.state)
        return frozen

    async def open(self, asked: ExamFor) -> Exam:
        """Candidates may check in.

        Raise WrongState, before anything changes, when nobody could open the archive later, and
        Locked when the box was restarted and nobody has unlocked the exam since.
        """
        exam = asked.exam
        self._check_recipients()
        if exam.settings_hash != settings_hash(exam.settings):
            raise WrongState("The settings are not those that were frozen: tell support.")
        await self._access.note(asked.person, "open", exam.exam_id, asked.action.value)
        await self._unlocking.make_live_key(exam.exam_id, asked.person.user_id)
        opened = replace(exam, state=ExamState.OPEN, opened_ms=self._clock.now_ms())
        await self._exams.replace(opened, expected=exam.state)
        await self._enter(opened)
        return opened

    async def start(self, asked: ExamFor, override: str = "") -> Exam:
        """Snippets are recorded from here on. Who has checked in begins at once. `override`: why
        the exam is started although not all is ready; see `StartGate.pass_through`."""
        exam = asked.exam
        gate = await self._gate.pass_through(asked, override)
        await self._access.note(asked.person, "start", exam.exam_id, asked.action.value)
        started = replace(exam, state=ExamState.LIVE, started_ms=self._clock.now_ms())
        await self._exams.replace(started, expected=exam.state)
        self._halls.exam_changed(started)
        if not gate.passed:
            self._halls.announce(
                exam.exam_id, f"Started although not all was ready: {override}", level="warning"
            )
        for attempt in await self._attempts.of_exam(exam.exam_id):
            if attempt.state is AttemptState.CHECKED_IN:
                await self._begin(attempt.attempt_id)
        self._channels.refresh_exam(exam.exam_id)
        return started

    async def resume(self) -> list[Exam]:
        """After a start of the gateway: exams in session go on where they were. Candidates'
        tokens are in the database; what is sealed waits for a login."""
        resumed = [e for e in await self._exams.all() if e.state in IN_SESSION]
        for exam in resumed:
            await self._enter(exam)
        return resumed

    async def unlocked(self, exam: Exam) -> None:
        """Tell the consoles: names can be shown now."""
        if exam.exam_id in self._halls.in_session():
            self._halls.announce(exam.exam_id, "The exam is unlocked.")
            self._halls.feed(exam.exam_id).start_over()

    async def _enter(self, exam: Exam) -> None:
        attempts = list(await self._attempts.of_exam(exam.exam_id))
        acknowledged: dict[AttemptId, tuple[int, int | None]] = {}
        for attempt in attempts:
            arrived = await self._arrivals.of(attempt.attempt_id)
            acknowledged[attempt.attempt_id] = (arrived.solid, arrived.highest or None)
        incidents = [
            i for i in await self._observations.incidents(exam.exam_id) if not is_withdrawn(i)
        ]
        breaks = await self._breaks(exam.exam_id, attempts)
        handover = await self._handovers.all(exam.exam_id)
        hall_events = await self._observations.hall_events(exam.exam_id)
        self._halls.enter(exam, attempts, incidents, acknowledged, breaks, handover, hall_events)
        if exam.settings.features.live_view:
            await self._start_relay(exam.exam_id)

    async def _breaks(
        self, exam: ExamId, attempts: Sequence[Attempt]
    ) -> Mapping[AttemptId, Sequence[Break]]:
        """The ledger, after a gateway that died between an attempt's state and its break."""
        known = await self._attendance.breaks_of_exam(exam)
        for attempt in attempts:
            out = attempt.state is AttemptState.ON_BREAK
            in_ledger = any(b.ended_ms is None for b in known.get(attempt.attempt_id, ()))
            now = self._clock.now_ms()
            if out and not in_ledger:
                await self._attendance.start_break(
                    attempt.attempt_id, attempt.break_started_ms or now
                )
            elif in_ledger and not out:
                await self._attendance.end_break(attempt.attempt_id, attempt.finished_ms or now)
            else:
                continue
            known = await self._attendance.breaks_of_exam(exam)
        return known

    async def _start_relay(self, exam: ExamId) -> None:
        """Without a relay the exam goes on, without live views."""
        try:
            await self._relay.start(exam)
        except HallvaktError as error:
            log.warning("relay not started", code=error.code)
            self._halls.announce(exam, error.message, level="error")

    async def _begin(self, attempt: AttemptId) -> None:
        try:
            await self._life.change(
                attempt,
                lambda a: (
                    replace(a, state=AttemptState.RECORDING)
                    if a.state is AttemptState.CHECKED_IN
                    else a
                ),
            )
        except WrongState:
            return  # another act came first; it knows better

    def _check_recipients(self) -> None:
        kinds = {recipient.kind for recipient in self._recipients()}
        for needed in (RecipientKind.REVIEWER, RecipientKind.RECOVERY):
            if needed not in kinds:
                raise WrongState(
                    f"There is no {needed.value} key on this box's list of recipients, so nobody "
                    "could open the archive later: install a signed list with "
                    "`hallvakt keys recipients install`.",
                    code="no-recipients",
                )
