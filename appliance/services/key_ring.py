"""The keys of the exams that are going on, in memory only.

Per exam there is a live key, from `open` until `closed`. Every attempt key is sealed to the
reviewers and the recovery key before it is first used, and wrapped under the live key while there
is one. The live key itself is on disk only as wraps under invigilators' passphrases. So:

* after a restart snippets are accepted at once, under a new epoch, but nothing opens until one
  invigilator has logged in (`welcome`);
* after `destroy` the box opens nothing any more; a reviewer's key opens the archive.

Names are sealed under the exam's identity key, which exists from the roster's import on, before
there is a live key. Until the first live wrap is on disk it lies in a file of its own.

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
    """What memory holds of one exam. `waiting`: those who logged in before the live key was made.
    `current`: the epoch in use per attempt, made by this process."""

    live: bytes | None = field(default=None, repr=False)
    secrets: dict[tuple[AttemptId, int], bytes] = field(default_factory=dict, repr=False)
    current: dict[AttemptId, int] = field(default_factory=dict)
    not_under_live: set[tuple[AttemptId, int]] = field(default_factory=set)
    waiting: dict[UserId, Stretched] = field(default_factory=dict)
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

    # --- the live key ----------------------------------------------------------------------

    def unlocked(self, exam: ExamId) -> bool:
        """Whether the exam's live key is in memory."""
        keys = self._of(exam)
        return keys.live is not None and not keys.destroyed

    async def create_live_key(self, exam: ExamId) -> None:
        """At `open`. Whoever logged in since the box was started (`welcome`) gets a wrap at once.
        Idempotent. Raise Locked when there is a live key that only a passphrase gives back."""
        async with self._locks.of(exam):
            keys = self._of(exam)
            if keys.live is not None:
                return
            if keys.destroyed or await self._wraps.all(exam):
                raise await self._locked(exam)
            await self._load_preparation(exam)
            await self._wraps.ensure_pepper(exam)
            # Left by a live key that was lost before it had a wrap (power cut right after open).
            await self._envelopes.forget_live(exam)
            live = self._randomness.secret(KEY_BYTES)
            for user, stretched in keys.waiting.items():
                await self._wraps.put(exam, user, stretched, live)
            keys.live = live
            await self._put_all_under_live(exam)
            if keys.waiting:
                await asyncio.to_thread(self._files.forget_preparation, exam)
            keys.waiting.clear()

    async def welcome(self, exam: ExamId, user: UserId, passphrase: str) -> bool:
        """At each login, for each exam of the person that is not closed: do what the exam's state
        asks for, and answer whether its live key is in memory now.

        Wraps the live key for this person when it is there; gets it back when the box was
        restarted; and before `open` remembers the stretched passphrase, in memory only, so that
        the live key has a wrap from its first moment on. Slow (150 ms). Raises Locked when this
        person's passphrase does not give the live key back: the login itself is good.
        """
        if self.unlocked(exam):
            await self.wrap_for(exam, user, passphrase)
        elif await self._wraps.all(exam) or await self._envelopes.under_live(exam):
            await self.unlock(exam, user, passphrase)
        elif not self._of(exam).destroyed:
            await self._remember(exam, user, passphrase)
        return self.unlocked(exam)

    async def wrap_for(self, exam: ExamId, user: UserId, passphrase: str) -> None:
        """Durable when it returns; replaces this person's older wrap. Slow. Raise Locked when the
        live key is not in memory."""
        if not self.unlocked(exam):
            raise await self._locked(exam)
        stretched = await self._wraps.stretch(exam, passphrase)
        async with self._locks.of(exam):
            keys = self._of(exam)
            if keys.live is None or keys.destroyed:  # closed meanwhile
                raise await self._locked(exam)
            await self._wraps.put(exam, user, stretched, keys.live)
            await asyncio.to_thread(self._files.forget_preparation, exam)

    async def unlock(self, exam: ExamId, user: UserId, passphrase: str) -> None:
        """After a restart: get the live key back, and with it every key made before; keys made
        while it was locked are wrapped under it. Slow. Raise Locked when it cannot be done."""
        if self.unlocked(exam):
            return
        if self._of(exam).destroyed or not await self._wraps.has_pepper(exam):
            raise await self._locked(exam)
        if not await self._wraps.all(exam):
            # The power went after `open` and before anybody's login: that live key is lost, and
            # what was sealed until then waits for the reviewer. A new one lets the hall go on.
            await self.create_live_key(exam)
            await self.wrap_for(exam, user, passphrase)
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
            for remembered in (keys.secrets, keys.current, keys.not_under_live, keys.waiting):
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
        """The key of the exam's names, made at the first call. Raise Locked like `key_for`."""
        identity = AttemptId(exam)
        async with self._locks.of(exam):
            keys = self._of(exam)
            await self._load_preparation(exam)
            secret = keys.secrets.get((identity, _IDENTITY_EPOCH))
            if secret is not None and not keys.destroyed:
                return secret
            if keys.destroyed or await self._envelopes.of_attempt(identity):
                raise await self._locked(exam)
            key = AttemptKey(epoch=_IDENTITY_EPOCH, secret=self._randomness.secret(KEY_BYTES))
            if keys.live is None:
                await asyncio.to_thread(self._files.put_preparation, exam, key.secret)
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
        await self._load_preparation(exam)
        await self._put_all_under_live(exam)
        await asyncio.to_thread(self._files.forget_preparation, exam)

    async def _load_preparation(self, exam: ExamId) -> None:
        keys, identity = self._of(exam), (AttemptId(exam), _IDENTITY_EPOCH)
        if identity in keys.secrets or keys.destroyed:
            return
        secret = await asyncio.to_thread(self._files.preparation, exam)
        if secret is not None and await self._envelopes.of_attempt(identity[0]):
            keys.secrets[identity] = secret
            keys.not_under_live.add(identity)

    async def _remember(self, exam: ExamId, user: UserId, passphrase: str) -> None:
        async with self._locks.of(exam):
            await self._wraps.ensure_pepper(exam)
        stretched = await self._wraps.stretch(exam, passphrase)
        async with self._locks.of(exam):
            keys = self._of(exam)
            if keys.destroyed:
                return
            if keys.live is None:
                keys.waiting[user] = stretched
            else:  # opened meanwhile, with the same pepper
                await self._wraps.put(exam, user, stretched, keys.live)

    async def _locked(self, exam: ExamId) -> Locked:
        """The error to raise, which says why."""
        keys = self._of(exam)
        if keys.live is not None and not keys.destroyed:
            return Locked(
                "This was sealed with a key that the box has forgotten: a reviewer's key opens it."
            )
        if not keys.destroyed and await self._wraps.has_pepper(exam):
            return Locked(
                "The box was restarted and is locked: an invigilator must log in.",
                code="locked-until-login",
            )
        return Locked(
            "The exam is closed: the key was destroyed. A reviewer's key opens the archive.",
            code="locked-for-good",
        )
