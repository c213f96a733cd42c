"""An exam before it opens: its settings, its roster, the slips with seat codes.

Names go to the identity store only, sealed under the exam's identity key from the first moment;
attempts get random pseudonyms that say nothing about the order of the roster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from appliance.core.attempt import Attempt, AttemptState
from appliance.core.errors import Conflict, NotFound, Unreachable, WrongState
from appliance.core.exam import IN_SESSION, Exam, ExamState, Seat
from appliance.core.ids import AttemptId, ExamId
from appliance.core.languages import Languages
from appliance.core.people import User
from appliance.core.ports import AttemptStore, Clock, ExamStore, Randomness, UserStore
from appliance.core.processing import check_dependencies
from appliance.core.roles import Person, Role
from appliance.core.roster import decode, parse_roster
from appliance.core.settings import ExamSettings
from appliance.services.access import Access, ExamFor
from appliance.services.attempt_life import AttemptLife
from appliance.services.names import Identity, Names
from appliance.services.seat_codes import EXAM_CODE_LENGTH, SEAT_CODE_LENGTH, seat_code_hash
from appliance.services.unlocking import Unlocking

_CODE_TRIES = 10
_SEES_ALL_EXAMS = frozenset({Role.LEAD_INVIGILATOR, Role.DATA_PROTECTION_OFFICER})


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterImported:
    candidates: int
    halls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """Told once: the box keeps only a hash of `seat_code`."""

    name: str
    seat: str
    hall: str
    seat_code: str
    url: str


class Preparation:
    """`page_url` is where candidates find the page, e.g. `https://box.school.se:8443`;
    `check_policy` raises WrongConfiguration for settings beyond the school's ceilings."""

    def __init__(
        self,
        *,
        access: Access,
        exams: ExamStore,
        attempts: AttemptStore,
        life: AttemptLife,
        users: UserStore,
        names: Names,
        unlocking: Unlocking,
        clock: Clock,
        randomness: Randomness,
        page_url: str,
        check_policy: Callable[[ExamSettings], None],
        languages: Languages,
    ) -> None:
        self._access = access
        self._exams = exams
        self._attempts = attempts
        self._life = life
        self._users = users
        self._names = names
        self._unlocking = unlocking
        self._clock = clock
        self._randomness = randomness
        self._page_url = page_url.rstrip("/")
        self._check_policy = check_policy
        self._languages = languages

    async def exams_for(self, person: Person) -> Sequence[Exam]:
        """Those the person is assigned to; leads and the officer see that all exist."""
        return [e for e in await self._exams.all() if self._listed(person, e)]

    async def exam(self, exam: ExamId) -> Exam:
        """Raise NotFound."""
        return await self._exams.get(exam)

    def check_listed(self, person: Person, exam: Exam) -> None:
        """Raise NotFound for an exam that is not on this person's list."""
        if not self._listed(person, exam):
            raise NotFound("There is no such exam.")

    async def create(self, person: Person, settings: ExamSettings) -> Exam:
        """The exam in `draft`; who makes it is assigned to it. Raise WrongConfiguration."""
        check_dependencies(settings)
        self._languages.check(settings.language)
        self._check_policy(settings)
        for _ in range(_CODE_TRIES):
            exam = Exam(
                exam_id=ExamId(self._randomness.new_id()),
                code=self._randomness.code(EXAM_CODE_LENGTH),
                state=ExamState.DRAFT,
                settings=settings,
                created_ms=self._clock.now_ms(),
            )
            await self._access.note(person, "exam-create", exam.exam_id, "exam_create")
            try:
                await self._exams.add(exam)
            except Conflict:
                continue
            await self._assign(person, exam.exam_id)
            return exam
        raise Unreachable("No free exam code was found: try again.")

    async def import_roster(self, asked: ExamFor, content: bytes, encoding: str) -> RosterImported:
        """Replace the roster; raise BadInput naming the line that is wrong, Locked when the person
        has not logged in since the box was started: names are sealed under a passphrase."""
        entries = parse_roster(decode(content, encoding))
        exam = asked.exam
        await self._access.note(asked.person, "roster", exam.exam_id, asked.action.value)
        attempts, identities = [], {}
        for entry in entries:
            attempt_id = AttemptId(self._randomness.new_id())
            identities[attempt_id] = Identity(name=entry.name, number=entry.number)
            attempts.append(
                Attempt(
                    attempt_id=attempt_id,
                    exam_id=exam.exam_id,
                    seat=Seat(hall=entry.hall, label=entry.seat),
                    state=AttemptState.EXPECTED,
                    extra_minutes=entry.extra_minutes,
                    roster_minutes=entry.extra_minutes,
                    switched_off=entry.switched_off,
                    # Of a code that nobody was told: slips make the ones that are printed.
                    seat_code_hash=self._hash(exam.exam_id, self._new_code()),
                )
            )
        await self._unlocking.make_live_key(exam.exam_id, asked.person.user_id, anew=True)
        await self._attempts.remove_of_exam(exam.exam_id)
        await self._names.keep(exam.exam_id, identities)
        await self._attempts.add(sorted(attempts, key=lambda a: a.attempt_id))
        return RosterImported(
            candidates=len(attempts), halls=tuple(sorted({e.hall for e in entries}))
        )

    async def slips(self, asked: ExamFor) -> Sequence[Slip]:
        """New seat codes for everyone who has not joined yet; the old ones stop working.

        Raise WrongState when there is no roster, Locked when names cannot be opened.
        """
        exam = asked.exam
        names = await self._names.all(exam.exam_id)
        attempts = await self._attempts.of_exam(exam.exam_id)
        if not attempts:
            raise WrongState("The exam has no roster: import one first.")
        await self._access.note(asked.person, "slips", exam.exam_id, asked.action.value)
        slips = []
        for attempt in attempts:
            if attempt.public_key is not None and exam.state in IN_SESSION:
                continue
            code = self._new_code()
            await self._set_code(attempt.attempt_id, self._hash(exam.exam_id, code))
            who = names.get(attempt.attempt_id)
            slips.append(
                Slip(
                    name=who.name if who else "",
                    seat=attempt.seat.label,
                    hall=attempt.seat.hall,
                    seat_code=code,
                    url=f"{self._page_url}/?e={exam.code}&s={code}",
                )
            )
        return slips

    async def _set_code(self, attempt: AttemptId, hashed: str) -> None:
        await self._life.change(attempt, lambda a: replace(a, seat_code_hash=hashed))

    def _listed(self, person: Person, exam: Exam) -> bool:
        return person.role in _SEES_ALL_EXAMS or exam.exam_id in person.exams

    def _new_code(self) -> str:
        return self._randomness.code(SEAT_CODE_LENGTH)

    def _hash(self, exam: ExamId, code: str) -> str:
        return seat_code_hash(exam, code)

    async def _assign(self, person: Person, exam: ExamId) -> None:
        user: User | None = next(
            (u for u in await self._users.all() if u.user_id == person.user_id), None
        )
        if user is not None and not user.all_exams:
            await self._users.replace(replace(user, exams=user.exams | {exam}))
