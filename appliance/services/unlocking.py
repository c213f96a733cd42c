"""What a login means for the exams of the person: live keys are wrapped for them, or come back
after a restart (services/key_ring.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION, Exam, ExamState
from appliance.core.ids import ExamId, UserId
from appliance.core.ports import AuditStore, ExamStore, UserStore
from appliance.core.roles import Person, Role
from appliance.services.hall import Halls
from appliance.services.key_ring import KeyRing

_HOLDS_KEYS = frozenset({Role.INVIGILATOR, Role.LEAD_INVIGILATOR})
_NOT_CLOSED = frozenset({ExamState.DRAFT, ExamState.READY}) | IN_SESSION

OnUnlocked = Callable[[Exam], Awaitable[None]]


class Unlocking:
    """`on_unlocked` is called when a login has given an exam's live key back."""

    def __init__(
        self,
        *,
        exams: ExamStore,
        users: UserStore,
        keys: KeyRing,
        audit: AuditStore,
        halls: Halls,
        on_unlocked: OnUnlocked,
    ) -> None:
        self._exams = exams
        self._users = users
        self._keys = keys
        self._audit = audit
        self._halls = halls
        self._on_unlocked = on_unlocked

    async def after_login(self, person: Person, passphrase: str) -> None:
        """For every exam of the person that is not closed. One that cannot be unlocked stays
        locked and says so on the consoles; the login is good all the same."""
        if person.role not in _HOLDS_KEYS:
            return
        await self._keys.remember(person.user_id, passphrase)
        for exam in await self._exams.all():
            if exam.state not in _NOT_CLOSED or exam.exam_id not in person.exams:
                continue
            before = self._keys.unlocked(exam.exam_id)
            try:
                now = await self._keys.welcome(exam.exam_id, person.user_id, passphrase)
            except HallvaktError as error:
                self._halls.announce(exam.exam_id, error.message, level="warning")
                continue
            if now and not before:
                await self._audit.append(person.user_id, "unlock", "login", exam.exam_id)
                if exam.state in IN_SESSION:
                    await self._on_unlocked(exam)

    async def make_live_key(self, exam: ExamId, by: UserId, *, anew: bool = False) -> None:
        """See `KeyRing.create_live_key`: for this person and everybody else who may see it."""
        others = [
            user.user_id
            for user in await self._users.all()
            if user.role in _HOLDS_KEYS and (user.all_exams or exam in user.exams)
        ]
        await self._keys.create_live_key(exam, by, others, anew=anew)
