"""The gate before the start: everything asked side by side, judged by `core.start_gate`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial

from appliance.core import start_gate
from appliance.core.attempt import Attempt
from appliance.core.checkup import Check
from appliance.core.errors import BadInput, HallvaktError, WrongState
from appliance.core.exam import IN_SESSION, Exam
from appliance.core.keys import PepperKeeping
from appliance.core.people import User
from appliance.core.ports import AttemptStore, BlobStore, MediaWorkers, UserStore
from appliance.core.processing import NEEDS_FACE_MODEL, Category, permitted
from appliance.core.roles import Role
from appliance.core.start_gate import GateReport
from appliance.services.access import Access, ExamFor
from appliance.services.doctor import Probe, examine

LONGEST_REASON = 200
_LOOKED_AT = NEEDS_FACE_MODEL | {Category.PICTURE_QUALITY, Category.SOUND_PRESENCE}

RelayTrip = Callable[[Exam], Awaitable[float]]
"""Milliseconds of a packet through the exam's own relay; raises Unreachable."""
CertificateLeft = Callable[[], Awaitable[tuple[float, Sequence[str]]]]
"""Seconds until the box's certificate ends, and the names of the box that it lacks."""
ModelsFound = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Per name `good`, `missing` or `changed`."""
NightAfter = Callable[[Exam], Awaitable[Check]]
"""How the nights after the exam look, judged."""


class StartGate:
    """`keep_free` bytes of disk are never written to; `clock` is the doctor's own probe;
    `backlog` answers bytes; `halls` are those box.toml lists."""

    def __init__(
        self,
        *,
        access: Access,
        attempts: AttemptStore,
        users: UserStore,
        blobs: BlobStore,
        workers: MediaWorkers,
        clock: Probe,
        relay_trip: RelayTrip,
        certificate: CertificateLeft,
        models: ModelsFound,
        backlog: Callable[[], Awaitable[int]],
        night: NightAfter,
        halls: Collection[str],
        keep_free: int,
        pepper: PepperKeeping,
    ) -> None:
        self._access = access
        self._attempts = attempts
        self._users = users
        self._blobs = blobs
        self._workers = workers
        self._clock = clock
        self._relay_trip = relay_trip
        self._certificate = certificate
        self._models = models
        self._backlog = backlog
        self._night = night
        self._halls = halls
        self._keep_free = keep_free
        self._pepper = pepper

    async def look(self, exam: Exam) -> GateReport:
        """Every check, the same each time it is asked; about a tenth of a second."""
        attempts = await self._attempts.of_exam(exam.exam_id)
        probes: dict[str, Probe] = {
            "roster": partial(self._roster, exam, attempts),
            "disk": partial(self._disk, exam, attempts),
            "clock": self._clock,
            "certificate": partial(self._certificate_check, exam, attempts),
            "models": partial(self._models_check, exam),
            "relay": partial(self._relay, exam),
            "backlog": self._backlog_check,
            "night": partial(self._night_check, exam),
        }
        checks = await examine(probes)
        return start_gate.report([*checks, start_gate.pepper(self._pepper)])

    async def pass_through(self, asked: ExamFor, override: str) -> GateReport:
        """Return when the exam may be started: all is ready, or `override` says why it is started
        all the same, which is audited. Raise WrongState("start-gate") otherwise."""
        override = override.strip()
        if len(override) > LONGEST_REASON:
            raise BadInput(f"The reason has at most {LONGEST_REASON} characters.")
        found = await self.look(asked.exam)
        if found.passed:
            return found
        if not override:
            said = "; ".join(f"{check.name}: {check.detail}" for check in found.not_ready)
            raise WrongState(
                f"Not everything is ready: {said}. Put it right, or start all the same and say "
                "why.",
                code="start-gate",
            )
        names = ", ".join(found.needs_reason)
        await self._access.note(
            asked.person, f"{names}: {override}", asked.exam.exam_id, "start_gate_override"
        )
        return found

    async def _roster(self, exam: Exam, attempts: Sequence[Attempt]) -> Sequence[Check]:
        watching = [u for u in await self._users.all() if _watches(u, exam)]
        watched: set[str] | None = set()
        for user in watching:
            watched = None if watched is None or user.halls is None else watched | user.halls
        held_in = {attempt.seat.hall for attempt in attempts}
        return [start_gate.roster(attempts), start_gate.halls(held_in, self._halls, watched)]

    async def _disk(self, exam: Exam, attempts: Sequence[Attempt]) -> Sequence[Check]:
        free = await self._blobs.free_bytes() - self._keep_free
        return [start_gate.disk(start_gate.forecast_bytes(exam.settings, attempts), free)]

    async def _certificate_check(self, exam: Exam, attempts: Sequence[Attempt]) -> Sequence[Check]:
        left, missing = await self._certificate()
        extra = max((a.extra_minutes for a in attempts), default=0)
        minutes = exam.settings.duration_minutes + extra + exam.settings.late_upload_minutes
        return [start_gate.certificate(left, 60.0 * minutes, missing)]

    async def _models_check(self, exam: Exam) -> Sequence[Check]:
        needed = start_gate.needed_models(exam.settings)
        found = await self._models(needed) if needed else {}
        looks = bool(permitted(exam.settings.features) & _LOOKED_AT)
        return [start_gate.models(found), start_gate.workers(looks, self._workers.alive)]

    async def _relay(self, exam: Exam) -> Sequence[Check]:
        wanted = exam.settings.features.live_view
        if wanted and exam.state not in IN_SESSION:
            return [start_gate.relay_later()]
        took, why = None, ""
        if wanted:
            try:
                took = await self._relay_trip(exam)
            except HallvaktError as error:
                why = error.message
        return [start_gate.relay(wanted, took, why)]

    async def _backlog_check(self) -> Sequence[Check]:
        return [start_gate.backlog(await self._backlog())]

    async def _night_check(self, exam: Exam) -> Sequence[Check]:
        return [await self._night(exam)]


def _watches(user: User, exam: Exam) -> bool:
    watching = user.role in (Role.INVIGILATOR, Role.LEAD_INVIGILATOR)
    return watching and (user.all_exams or exam.exam_id in user.exams)
