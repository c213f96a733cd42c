"""An exam's live key under passphrases, on disk: everything the key ring does with key files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.core.errors import IntegrityFailure, Locked
from appliance.core.ids import ExamId, UserId
from appliance.core.key_contexts import live_wrap_context
from appliance.core.keys import KEY_BYTES, LiveWrap
from appliance.core.ports import KeyFiles, Randomness, Wrapping

_SALT_BYTES = 16
_STRETCHES_AT_ONCE = 2  # 64 MiB and a core each


@dataclass(frozen=True, slots=True)
class Stretched:
    """A passphrase after Argon2id. With an exam's pepper it wraps that exam's live key for one
    person."""

    salt: bytes
    value: bytes = field(repr=False)


class LiveWraps:
    """File access and stretching happen in threads, at most two stretches at once."""

    def __init__(self, wrapping: Wrapping, files: KeyFiles, randomness: Randomness) -> None:
        self._wrapping = wrapping
        self._files = files
        self._randomness = randomness
        self._stretching = asyncio.Semaphore(_STRETCHES_AT_ONCE)

    async def has_pepper(self, exam: ExamId) -> bool:
        try:
            await asyncio.to_thread(self._files.pepper, exam)
        except Locked:
            return False
        return True

    async def ensure_pepper(self, exam: ExamId) -> None:
        """Hold the exam's lock, so that two do not make one each."""
        if not await self.has_pepper(exam):
            pepper = self._randomness.secret(KEY_BYTES)
            await asyncio.to_thread(self._files.put_pepper, exam, pepper)

    async def all(self, exam: ExamId) -> Sequence[LiveWrap]:
        return await asyncio.to_thread(self._files.wraps, exam)

    async def stretch(self, passphrase: str) -> Stretched:
        """With a new salt. Slow (150 ms)."""
        salt = self._randomness.secret(_SALT_BYTES)
        return Stretched(salt, await self._stretch(passphrase, salt))

    async def put(self, exam: ExamId, user: UserId, stretched: Stretched, live: bytes) -> None:
        """Durable when it returns; replaces this person's older wrap. Raise Locked when the exam
        has no pepper."""
        kek = await self._kek(exam, stretched.value)
        wrapped = self._wrapping.wrap_under(kek, live_wrap_context(exam, user), live)
        wrap = LiveWrap(exam_id=exam, user_id=user, salt=stretched.salt, wrapped=wrapped)
        await asyncio.to_thread(self._files.put_wrap, wrap)

    async def open(self, exam: ExamId, user: UserId, passphrase: str) -> bytes:
        """The live key. Slow. Raise Locked, saying why, when this passphrase does not give it."""
        wrap = next((w for w in await self.all(exam) if w.user_id == user), None)
        if wrap is None:
            raise Locked(
                "You had not logged in to this exam before the box was restarted, so your "
                "passphrase does not unlock it: ask an invigilator who had."
            )
        kek = await self._kek(exam, await self._stretch(passphrase, wrap.salt))
        try:
            return self._wrapping.unwrap_under(kek, live_wrap_context(exam, user), wrap.wrapped)
        except IntegrityFailure as error:
            raise Locked(
                "Your passphrase does not unlock this exam (it may have been changed since): ask "
                "another invigilator to log in."
            ) from error

    async def _stretch(self, passphrase: str, salt: bytes) -> bytes:
        async with self._stretching:
            return await asyncio.to_thread(self._wrapping.stretch, passphrase, salt)

    async def _kek(self, exam: ExamId, stretched: bytes) -> bytes:
        pepper = await asyncio.to_thread(self._files.pepper, exam)
        return self._wrapping.peppered(stretched, pepper)
