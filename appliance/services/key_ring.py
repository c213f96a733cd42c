"""The keys of the exams that are going on, in memory only.

Per exam there is a live key, from the import of its roster until `closed`. Every attempt key is
sealed to the reviewers and the recovery key before it is first used, and wrapped under the live
key. The live key itself is on disk only as wraps under people's passphrases, and from its first
moment on it has one: of whoever imported the roster. So:

* after a restart snippets are accepted at once, under a new epoch, but nothing opens, names
  neither, until one of those people has logged in (`welcome`);
* after `destroy` the box opens nothing any more; a reviewer's key opens the archive.

What a wrap is made with (a passphrase after Argon2id) is kept in memory from a person's login on,
so that an exam made later in the same login has its wrap, too.

Python cannot promise to wipe bytes from memory. Keys are dropped at `destroy`, and the gateway
runs without core dumps and swap; the process is restarted between exams where that matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from appliance.core.errors import IntegrityFailure, Locked, WrongConfiguration
from appliance.core.ids import AttemptId, ExamId, UserId
from appliance.core.key_contexts import under_live_context
from appliance.core.keys import KEY_BYTES, AttemptKey, Envelope, Recipient, RecipientKind
from appliance.core.ports import EnvelopeStore, KeyFiles, Randomness, Wrapping
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.live_wraps import LiveWraps, Stretched

_IDENTITY_EPOCH = 0
_FOOTAGE = frozenset({RecipientKind.REVIEWER, RecipientKind.RECOVERY})
_log = structlog.get_logger(__name__)
_NAMES = _FOOTAGE | {RecipientKind.DATA_PROTECTION_OFFICER}


@dataclass(slots=True)
class _ExamKeys:
    """What memory holds of one exam. `current`: the epoch in use per attempt, made by this
    process."""

    live: bytes | None = field(default=None, repr=False)
    secrets: dict[tuple[AttemptId, int], bytes] = field(default_factory=dict, repr=False)
    current: dict[AttemptId, int] = field(default_factory=dict)
    not_under_live: set[tuple[AttemptId, int]] = field(default_factory=set)
    destroyed: bool = False


class KeyRing:
    """`recipients` is asked whenever a key is made, so a newly installed list counts at once."""

    def __init__(
        self,
        *,
        envelopes: EnvelopeStore,
        wrapping: Wrapping,
        files: KeyFiles,
        randomness: Randomness,
        recipients: Callable[[], Sequence[Recipient]],
    ) -> None:
        self._envelopes = envelopes
        self._wrapping = wrapping
        self._files = files
        self._randomness = randomness
        self._recipients = recipients
        self._exams: dict[ExamId, _ExamKeys] = {}
        self._locks = KeyedLocks()
        self._wraps = LiveWraps(wrapping, files, randomness)
        self._people: dict[UserId, Stretched] = {}

    # --- the live key ----------------------------------------------------------------------

    def unlocked(self, exam: ExamId) -> bool:
        """Whether the exam's live key is in memory."""
        keys = self._of(exam)
        return keys.live is not None and not keys.destroyed

    async def remember(self, user: UserId, passphrase: str) -> None:
        """At each login of somebody who may see an exam: in memory, and as Argon2id left it. Slow
        (150 ms)."""
        self._people[user] = await self._wraps.stretch(passphrase)

    async def create_live_key(
        self, exam: ExamId, by: UserId, others: Iterable[UserId] = (), *, anew: bool = False
    ) -> None:
        """At the roster's import (`anew`) and again at `open`. When it returns the live key is in
        memory, and wrapped on disk for `by` and for those `others` who have logged in since the
        box was started. Idempotent.

        Raise Locked when `by` has not logged in since then, and when there is a live key that
        only a passphrase gives back. `anew` then makes another one: a roster takes the place of
        the one before, and before `open` nothing but names was sealed.
        """
        async with self._locks.of(exam):
            keys = self._of(exam)
            if keys.destroyed:
                raise await self._locked(exam)
            if by not in self._people:
                raise Locked(
                    "The box was restarted since you logged in: log in again and repeat this. It "
                    "is your passphrase that protects this exam's names and pictures on the disk.",
                    code="log-in-again",
                )
            if keys.live is None:
                if await self._wraps.all(exam):
                    if not anew:
                        raise await self._locked(exam)
                    await asyncio.to_thread(self._files.destroy, exam)
                    await self._envelopes.delete(AttemptId(exam))
                await self._make_live_key(exam)
            assert keys.live is not None
            wrapped = {wrap.user_id for wrap in await self._wraps.all(exam)}
            for user in (by, *(u for u in others if u not in wrapped and u in self._people)):
                await self._wraps.put(exam, user, self._people[user], keys.live)

    async def welcome(self, exam: ExamId, user: UserId, passphrase: str) -> bool:
        """At each login, after `remember`, for each exam of the person that is not closed: do what
        the exam's state asks for, and answer whether its live key is in memory now.

        Wraps the live key for this person when it is there, and gets it back when the box was
        restarted. Raises Locked when this person's passphrase does not give the live key back: the
        login itself is good.
        """
        if self.unlocked(exam):
            await self.wrap_for(exam, user)
        elif await self._wraps.all(exam) or await self._envelopes.under_live(exam):
            await self.unlock(exam, user, passphrase)
        return self.unlocked(exam)

    async def wrap_for(self, exam: ExamId, user: UserId) -> None:
        """For somebody `remember`ed. Durable when it returns; replaces this person's older wrap.
        Raise Locked when the live key is not in memory."""
        async with self._locks.of(exam):
            keys = self._of(exam)
            if keys.live is None or keys.destroyed:
                raise await self._locked(exam)
            await self._wraps.put(exam, user, self._people[user], keys.live)

    async def unlock(self, exam: ExamId, user: UserId, passphrase: str) -> None:
        """After a restart: get the live key back, and with it every key made before; keys made
        while it was locked are wrapped under it. Slow. Raise Locked when it cannot be done."""
        if self.unlocked(exam):
            return
        if self._of(exam).destroyed or not await self._wraps.has_pepper(exam):
            raise await self._locked(exam)
        if not await self._wraps.all(exam):
            # Somebody lost these files: that live key is gone, and what was sealed under it until
            # now waits for the reviewer. A new one lets the hall go on.
            await self.create_live_key(exam, user)
            return
        live = await self._wraps.open(exam, user, passphrase)
        async with self._locks.of(exam):
            keys = self._of(exam)
            if keys.destroyed:
                raise await self._locked(exam)
            if keys.live is None:
                await self._take_back(exam, live)

    async def destroy(self, exam: ExamId) -> None:
        """At `closed`: forget every key of the exam and destroy what could give one back.
        Idempotent. When it returns, this box opens nothing of the exam any more."""
        keys = self._of(exam)
        keys.destroyed = True  # first: whoever asks from here on gets none
        async with self._locks.of(exam):
            keys.live = None
            for remembered in (keys.secrets, keys.current, keys.not_under_live):
                remembered.clear()
            await asyncio.to_thread(self._files.destroy, exam)
            await self._envelopes.forget_live(exam)

    # --- attempt keys ----------------------------------------------------------------------

    async def attempt_key(self, exam: ExamId, attempt: AttemptId) -> AttemptKey:
        """The key to seal with. The first call of this process makes a new epoch, whose envelopes
        are durable before it returns; it works while the exam is locked."""
        async with self._locks.of(attempt):
            keys = self._of(exam)
            if keys.destroyed:
                raise await self._locked(exam)
            if (epoch := keys.current.get(attempt)) is not None:
                return AttemptKey(epoch=epoch, secret=keys.secrets[attempt, epoch])
            epoch = await self._envelopes.last_epoch(attempt) + 1
            key = AttemptKey(epoch=epoch, secret=self._randomness.secret(KEY_BYTES))
            await self._keep(exam, attempt, key, _FOOTAGE)
            keys.current[attempt] = epoch
            return key

    async def one_time_key(self, exam: ExamId, attempt: AttemptId) -> AttemptKey:
        """A new epoch for one late upload after close: in its envelopes, and kept nowhere."""
        async with self._locks.of(attempt):
            epoch = await self._envelopes.last_epoch(attempt) + 1
            key = AttemptKey(epoch=epoch, secret=self._randomness.secret(KEY_BYTES))
            await self._envelopes.add(self._seal(exam, attempt, key, _FOOTAGE), None)
            return key

    async def key_for(self, exam: ExamId, attempt: AttemptId, epoch: int) -> bytes:
        """The key to open with. Raise Locked, saying why, when it is not in memory."""
        keys = self._of(exam)
        secret = keys.secrets.get((attempt, epoch))
        if secret is None or keys.destroyed:
            raise await self._locked(exam)
        return secret

    async def identity_key(self, exam: ExamId) -> bytes:
        """The key of the exam's names, made at the first call. Raise Locked like `key_for`, and
        before there is a live key."""
        identity = AttemptId(exam)
        async with self._locks.of(exam):
            keys = self._of(exam)
            secret = keys.secrets.get((identity, _IDENTITY_EPOCH))
            if secret is not None and not keys.destroyed:
                return secret
            made = bool(await self._envelopes.of_attempt(identity))
            if made or keys.destroyed or keys.live is None:
                raise await self._locked(exam)
            key = AttemptKey(epoch=_IDENTITY_EPOCH, secret=self._randomness.secret(KEY_BYTES))
            await self._keep(exam, identity, key, _NAMES)
            return key.secret

    # --- inside ----------------------------------------------------------------------------

    def _of(self, exam: ExamId) -> _ExamKeys:
        return self._exams.setdefault(exam, _ExamKeys())

    async def _keep(
        self,
        exam: ExamId,
        attempt: AttemptId,
        key: AttemptKey,
        kinds: frozenset[RecipientKind],
    ) -> None:
        """Envelopes on disk first, then the key in memory."""
        keys = self._of(exam)
        live = keys.live
        under_live = None
        if live is not None:
            context = under_live_context(exam, attempt, key.epoch)
            under_live = self._wrapping.wrap_under(live, context, key.secret)
        await self._envelopes.add(self._seal(exam, attempt, key, kinds), under_live)
        if self._of(exam).destroyed:
            await self._envelopes.forget_live(exam)
            raise await self._locked(exam)
        keys.secrets[attempt, key.epoch] = key.secret
        if under_live is None:
            keys.not_under_live.add((attempt, key.epoch))
            if keys.live is not None:  # it came while the envelopes were written
                await self._put_all_under_live(exam)

    def _seal(
        self, exam: ExamId, attempt: AttemptId, key: AttemptKey, kinds: Iterable[RecipientKind]
    ) -> list[Envelope]:
        recipients = [r for r in self._recipients() if r.kind in kinds]
        if not any(r.kind is RecipientKind.REVIEWER for r in recipients):
            raise WrongConfiguration(
                "No reviewer's key is installed, so nobody could open this exam later: run "
                "`hallvakt keys recipients install`."
            )
        return [
            self._wrapping.envelope(recipient, exam, attempt, key.epoch, key.secret)
            for recipient in recipients
        ]

    async def _put_all_under_live(self, exam: ExamId) -> None:
        keys = self._of(exam)
        for attempt, epoch in sorted(keys.not_under_live):
            secret = keys.secrets.get((attempt, epoch))
            if keys.live is None or secret is None or keys.destroyed:
                return
            context = under_live_context(exam, attempt, epoch)
            wrapped = self._wrapping.wrap_under(keys.live, context, secret)
            await self._envelopes.set_under_live(attempt, epoch, wrapped)
            keys.not_under_live.discard((attempt, epoch))

    async def _take_back(self, exam: ExamId, live: bytes) -> None:
        keys = self._of(exam)
        for attempt, epoch, wrapped in await self._envelopes.under_live(exam):
            context = under_live_context(exam, attempt, epoch)
            try:
                secret = self._wrapping.unwrap_under(live, context, wrapped)
            except IntegrityFailure:
                # One altered row must not keep the whole hall locked; its objects stay shut.
                _log.error("wrapped key was altered", exam=exam, attempt=attempt, epoch=epoch)
                continue
            keys.secrets.setdefault((attempt, epoch), secret)
        keys.live = live
        await self._put_all_under_live(exam)

    async def _make_live_key(self, exam: ExamId) -> None:
        """Under the exam's lock; the caller wraps it for somebody before letting go."""
        keys = self._of(exam)
        await self._wraps.ensure_pepper(exam)
        # Left by a live key whose files were lost.
        await self._envelopes.forget_live(exam)
        keys.live = self._randomness.secret(KEY_BYTES)
        await self._put_all_under_live(exam)

    async def _locked(self, exam: ExamId) -> Locked:
        """The error to raise, which says why."""
        keys = self._of(exam)
        if keys.live is not None and not keys.destroyed:
            return Locked(
                "This was sealed with a key that the box has forgotten: a reviewer's key opens it."
            )
        if not keys.destroyed and await self._wraps.has_pepper(exam):
            return Locked(
                "The box was restarted and is locked: an invigilator who had logged in to this "
                "exam before must log in again.",
                code="locked-until-login",
            )
        return Locked(
            "The exam is closed: the key was destroyed. A reviewer's key opens the archive.",
            code="locked-for-good",
        )
