"""The people with a login: who they are, which exams and halls they are assigned to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from appliance.core.errors import BadInput, NotAllowed, NotFound, Refused
from appliance.core.ids import ExamId, UserId
from appliance.core.people import User
from appliance.core.ports import AuditStore, Clock, Randomness, UserStore
from appliance.core.roles import Person, Role
from appliance.services.accounts import OneTimeCodes, PassphraseHasher

SHORTEST_PASSPHRASE = 10
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """`exams` empty and `all_exams` False: assigned to nothing yet. `halls` None: all halls."""

    name: str
    role: Role
    passphrase: str
    exams: tuple[ExamId, ...] = ()
    all_exams: bool = False
    halls: tuple[str, ...] | None = None
    second_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UserShown:
    """A person as others see them; `totp_secret` is told once, when it is made."""

    user_id: UserId
    name: str
    role: Role
    exams: tuple[ExamId, ...]
    all_exams: bool
    halls: tuple[str, ...] | None
    second_factor: bool
    totp_secret: str | None = None


def check_passphrase(passphrase: str) -> None:
    """Raise BadInput for one that is too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadInput(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters: choose one.")


def checked_name(name: str) -> str:
    """Return `name` without spaces around it; raise BadInput for one that will not do."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or any(not c.isprintable() for c in name):
        raise BadInput(f"A name has between 1 and {LONGEST_NAME} printable characters.")
    return name


def shown(user: User, *, with_secret: bool = False) -> UserShown:
    return UserShown(
        user_id=user.user_id,
        name=user.name,
        role=user.role,
        exams=tuple(sorted(user.exams)),
        all_exams=user.all_exams,
        halls=None if user.halls is None else tuple(sorted(user.halls)),
        second_factor=user.totp_secret is not None,
        totp_secret=user.totp_secret if with_secret else None,
    )


class People:
    def __init__(
        self,
        *,
        users: UserStore,
        audit: AuditStore,
        hasher: PassphraseHasher,
        codes: OneTimeCodes,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._users = users
        self._audit = audit
        self._hasher = hasher
        self._codes = codes
        self._clock = clock
        self._randomness = randomness

    async def all(self) -> tuple[UserShown, ...]:
        return tuple(shown(user) for user in await self._users.all())

    async def add(self, by: Person, new: NewUser) -> UserShown:
        """Raise BadInput for a name or passphrase that will not do, Conflict for a taken name,
        NotAllowed for a right to an exam or a hall that `by` does not have."""
        name = checked_name(new.name)
        await self._check_within(by, frozenset(new.exams), new.all_exams, new.halls)
        check_passphrase(new.passphrase)
        user = User(
            user_id=UserId(self._randomness.new_id()),
            name=name,
            role=new.role,
            passphrase_hash=await asyncio.to_thread(self._hasher.hash, new.passphrase),
            totp_secret=self._codes.new_secret() if new.second_factor else None,
            exams=frozenset(new.exams),
            all_exams=new.all_exams,
            halls=None if new.halls is None else frozenset(new.halls),
            created_ms=self._clock.now_ms(),
        )
        await self._audit.append(by.user_id, "user-add", new.role.value, user.user_id)
        await self._users.add(user)
        return shown(user, with_secret=True)

    async def reset_second_factor(self, by: Person, user_id: UserId) -> UserShown:
        """A new secret in place of the lost one (DESIGN ruling 25); ends the person's logins.
        Raise NotFound, NotAllowed for a person with more rights than `by`."""
        user = await self._below(by, user_id)
        await self._audit.append(by.user_id, "user-reset-second-factor", "user", user_id)
        await self._users.end_logins(user=user_id)
        fresh = replace(user, totp_secret=self._codes.new_secret(), totp_last_step=0)
        await self._users.replace(fresh)
        return shown(fresh, with_secret=True)

    async def remove(self, by: Person, user_id: UserId) -> None:
        """Ends the person's logins too. Raise Refused for oneself, NotFound, NotAllowed for a
        person with more rights than `by`."""
        if user_id == by.user_id:
            raise Refused("You cannot remove yourself: ask another lead invigilator.")
        await self._below(by, user_id)
        await self._audit.append(by.user_id, "user-remove", "user", user_id)
        await self._users.end_logins(user=user_id)
        await self._users.remove(user_id)

    async def _below(self, by: Person, user_id: UserId) -> User:
        user = await self._one(user_id)
        if user_id != by.user_id:
            halls = None if user.halls is None else tuple(user.halls)
            await self._check_within(by, user.exams, user.all_exams, halls)
        return user

    async def _check_within(
        self, by: Person, exams: frozenset[ExamId], all_exams: bool, halls: tuple[str, ...] | None
    ) -> None:
        """Whoever makes logins must not reach by them what they may not reach themselves. A login
        without any exam reaches nothing, in whatever halls."""
        own = await self._one(by.user_id)
        if own.all_exams and own.halls is None:
            return
        nothing = not exams and not all_exams
        in_halls = own.halls is None or (halls is not None and own.halls.issuperset(halls))
        if all_exams > own.all_exams or not (own.all_exams or exams <= own.exams):
            raise NotAllowed(
                "That is an exam that you are not assigned to yourself: ask a lead invigilator who "
                "is.",
                code="not-yours-to-give",
            )
        if not (in_halls or nothing):
            raise NotAllowed(
                "Those are halls that you are not assigned to yourself: ask a lead invigilator who "
                "is.",
                code="not-yours-to-give",
            )

    async def _one(self, user_id: UserId) -> User:
        for user in await self._users.all():
            if user.user_id == user_id:
                return user
        raise NotFound("There is no such person.")
