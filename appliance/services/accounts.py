"""Logging in and out, and who a token speaks for.

An unknown name costs the same time and gets the same answer as a wrong passphrase. A token is
256 random bits; only its SHA-256 is kept. Rights are read anew with every request, so a change
of a person's exams or halls counts at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from appliance.core.errors import NotAllowed
from appliance.core.ids import ExamId, UserId
from appliance.core.people import Login, User
from appliance.core.ports import AuditStore, Clock, ExamStore, Randomness, UserStore
from appliance.core.roles import Person, Role
from appliance.services.login_tries import LoginTries

LOGIN_HOURS = 12
_HASHES_AT_ONCE = 2  # 64 MiB each
_LONGEST_PASSPHRASE = 1024
_LOGGED_IN = "logged in"  # no address: tries of who has a login are counted by themselves


class PassphraseHasher(Protocol):
    """Argon2id in PHC form. Slow: call in a thread."""

    def hash(self, passphrase: str) -> str: ...

    def verify(self, passphrase_hash: str, passphrase: str) -> bool: ...


class OneTimeCodes(Protocol):
    """TOTP (RFC 6238): SHA-1, six digits, 30 seconds."""

    def new_secret(self) -> str: ...

    def step(self, secret: str, code: str, now_ms: int) -> int | None:
        """The time step `code` belongs to when it is good now (one step off either way)."""


class NotLoggedIn(NotAllowed):
    """No token, or one that is not good (any more), or a wrong login."""

    code = "not-logged-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    token: str
    user_id: UserId
    role: Role
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who a request comes from, as of this request."""

    person: Person
    login: Login


AfterLogin = Callable[[Person, str], Awaitable[None]]


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(randomness: Randomness) -> str:
    return urlsafe_b64encode(randomness.secret(32)).rstrip(b"=").decode()


class Accounts:
    """`after_login` gets the person and the passphrase: it wraps or unwraps live keys."""

    def __init__(
        self,
        *,
        users: UserStore,
        exams: ExamStore,
        audit: AuditStore,
        hasher: PassphraseHasher,
        codes: OneTimeCodes,
        clock: Clock,
        randomness: Randomness,
        after_login: AfterLogin,
    ) -> None:
        self._users = users
        self._exams = exams
        self._audit = audit
        self._hasher = hasher
        self._codes = codes
        self._clock = clock
        self._randomness = randomness
        self._after_login = after_login
        self._tries = LoginTries(clock)
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._nobody: str | None = None
        self._one_at_a_time = asyncio.Lock()

    def comes_back(self, name: str, address: str) -> bool:
        """Has this name logged in from this address since the box was started?"""
        return self._tries.known(name, address)

    async def login(
        self, name: str, passphrase: str, one_time_code: str | None, address: str = ""
    ) -> LoggedIn:
        """`address` is where the console is on the network, empty on the box itself. Raise
        NotLoggedIn when anything is wrong, Throttled after too many wrong tries."""
        self._tries.begin(name, address)
        user = await self._users.by_name(name)
        good = await self._verify(user, passphrase)
        user = await self._second_factor(name, one_time_code) if user and good else None
        if user is None:
            raise NotLoggedIn(
                "The name, the passphrase or the one-time code is wrong: try again.",
                code="wrong-login",
            )
        self._tries.succeeded(name, address)
        person = await self._person(user)
        await self._audit.append(user.user_id, "login", "login", user.user_id)
        await self._after_login(person, passphrase)
        return await self._new_login(user, person)

    async def change_passphrase(self, caller: Caller, old: str, new: str) -> LoggedIn:
        """The person's own act. Every login of theirs ends and this one is replaced; live keys are
        wrapped under the new passphrase. `new` was checked for length.

        Raise NotLoggedIn for a wrong old passphrase, Throttled after too many tries.
        """
        name = caller.login.user_name
        self._tries.begin(name, _LOGGED_IN)
        user = await self._users.by_name(name)
        if user is None or not await self._verify(user, old):
            raise NotLoggedIn("The old passphrase is wrong: try again.", code="wrong-login")
        self._tries.succeeded(name, _LOGGED_IN)
        await self._audit.append(user.user_id, "passphrase-change", "login", user.user_id)
        async with self._hashing:
            hashed = await asyncio.to_thread(self._hasher.hash, new)
        async with self._one_at_a_time:  # or a one-time code used meanwhile would be good again
            user = await self._users.by_name(name)
            if user is None:
                raise NotLoggedIn("Please log in (again).")
            user = replace(user, passphrase_hash=hashed)
            await self._users.replace(user)
        await self._users.end_logins(user=user.user_id)
        person = await self._person(user)
        await self._after_login(person, new)
        return await self._new_login(user, person)

    async def logout(self, caller: Caller) -> None:
        await self._users.end_logins(token_hash=caller.login.token_hash)
        await self._audit.append(caller.person.user_id, "logout", "logout", caller.person.user_id)

    async def caller(self, token: str) -> Caller:
        """Raise NotLoggedIn."""
        return await self._caller(token_hash(token))

    async def again(self, caller: Caller) -> Caller:
        """The same caller as of now; raise NotLoggedIn when the login has ended."""
        return await self._caller(caller.login.token_hash)

    async def _caller(self, hashed: str) -> Caller:
        login = await self._users.login(hashed)
        if login is None or login.expires_ms <= self._clock.now_ms():
            raise NotLoggedIn("Please log in (again).")
        user = await self._users.by_name(login.user_name)
        if user is None or user.user_id != login.person.user_id:
            raise NotLoggedIn("Please log in (again).")
        return Caller(person=await self._person(user), login=login)

    async def _verify(self, user: User | None, passphrase: str) -> bool:
        async with self._hashing:
            if self._nobody is None:
                self._nobody = await asyncio.to_thread(self._hasher.hash, "nobody's passphrase")
            expected = user.passphrase_hash if user else self._nobody
            return await asyncio.to_thread(
                self._hasher.verify, expected, passphrase[:_LONGEST_PASSPHRASE]
            )

    async def _second_factor(self, name: str, code: str | None) -> User | None:
        """The user when no code is needed or this one is good and was never used."""
        async with self._one_at_a_time:
            user = await self._users.by_name(name)
            if user is None or user.totp_secret is None:
                return user
            step = self._codes.step(user.totp_secret, code or "", self._clock.now_ms())
            if step is None or step <= user.totp_last_step:
                return None
            user = replace(user, totp_last_step=step)
            await self._users.replace(user)
            return user

    async def _person(self, user: User) -> Person:
        exams = user.exams
        if user.all_exams:
            exams = frozenset(ExamId(e.exam_id) for e in await self._exams.all())
        return Person(user_id=user.user_id, role=user.role, exams=exams, halls=user.halls)

    async def _new_login(self, user: User, person: Person) -> LoggedIn:
        token = new_token(self._randomness)
        now = self._clock.now_ms()
        login = Login(
            token_hash=token_hash(token),
            person=person,
            user_name=user.name,
            created_ms=now,
            expires_ms=now + LOGIN_HOURS * 3_600_000,
        )
        await self._users.add_login(login)
        return LoggedIn(
            token=token, user_id=user.user_id, role=user.role, expires_ms=login.expires_ms
        )
