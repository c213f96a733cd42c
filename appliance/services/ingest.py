"""How a snippet becomes kept (DESIGN section 5, promise 2).

The order is fixed: limits, digest, number, container, seal, blob on disk, row on disk, answer.
Nothing is acknowledged before its ciphertext and its row are durable, and an answer that was
lost on the way is given again for the same bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from appliance.core.attempt import Attempt, CameraState
from appliance.core.errors import (
    BadInput,
    BadMedia,
    Conflict,
    HallvaktError,
    Locked,
    NoRoom,
    NotAllowed,
    TooLarge,
    WrongState,
)
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.core.ports import BlobStore, Clock, ExamStore, SnippetStore
from appliance.core.processing import Category, permitted
from appliance.core.snippet import MAX_SNIPPET_BYTES, ObjectKind, Snippet
from appliance.core.webm import StrippedSnippet, check_and_strip
from appliance.services.arrivals import Arrivals
from appliance.services.byte_budget import ByteBudget
from appliance.services.candidate_status import late_until_ms
from appliance.services.hall import Halls
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.sealed_objects import Sealed, SealedObjects
from appliance.services.upload_pace import UploadPace
from appliance.services.upload_share import UploadShare

# Copies of one upload in memory at once: as received, stripped, sealed.
COPIES = 3
_INLINE_BYTES = 512 * 1024
_PACE_FROM = 0.5  # share of the byte budget above which pages are asked to wait
_PACE_MAX_MS = 5_000

Looker = Callable[[Exam, Attempt, Snippet, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """`digest` is SHA-256 as the page sent it, 32 bytes; `started_ms` by the page's clock
    corrected to the box's."""

    sequence: int
    digest: bytes
    started_ms: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`wait_ms`: how long the page should let pass before it sends the next one."""

    sequence: int
    acknowledged: int
    wait_ms: int


class Ingest:
    """`keep_free` bytes of disk are never written to: the databases need room to go on."""

    def __init__(
        self,
        *,
        exams: ExamStore,
        snippets: SnippetStore,
        blobs: BlobStore,
        objects: SealedObjects,
        arrivals: Arrivals,
        halls: Halls,
        clock: Clock,
        look: Looker,
        budget: ByteBudget,
        share: UploadShare,
        pace: UploadPace,
        keep_free: int,
    ) -> None:
        self._exams = exams
        self._snippets = snippets
        self._blobs = blobs
        self._objects = objects
        self._arrivals = arrivals
        self._locks = KeyedLocks()
        self._halls = halls
        self._clock = clock
        self._look = look
        self._budget = budget
        self._share = share
        self._pace = pace
        self._keep_free = keep_free
        self._damaged: dict[AttemptId, int] = {}  # the number that last came so
        self._under_way: Counter[ExamId] = Counter()
        self._idle = asyncio.Condition()

    @asynccontextmanager
    async def room_for(self, attempt: Attempt, size: int) -> AsyncIterator[None]:
        """Reserve memory before the body is read; raise TooLarge or Unreachable("busy"),
        also for a seat that has sent more than its share."""
        if size > MAX_SNIPPET_BYTES:
            raise TooLarge(
                f"A snippet is at most {MAX_SNIPPET_BYTES // 1024 // 1024} MiB: "
                "record shorter ones.",
            )
        exam = await self._exams.get(attempt.exam_id)
        self._share.check(attempt, exam.settings.capture)
        with self._share.one(attempt), self._budget.reserve(size * COPIES):
            yield

    async def take(self, attempt: Attempt, upload: Upload) -> Receipt:
        """Return once the snippet is durable, or was already."""
        exam_id = attempt.exam_id
        self._under_way[exam_id] += 1
        try:
            with self._pace.upload():
                return await self._take(attempt, upload)
        finally:
            self._under_way[exam_id] -= 1
            async with self._idle:
                self._idle.notify_all()

    async def refuse(self, attempt: Attempt, sequence: int) -> None:
        """What was refused before it was looked into, and would be again: told and counted like
        what the container check refuses. What is not wanted now anyway is neither."""
        async with self._locks.of(attempt.attempt_id):
            with suppress(HallvaktError):
                self._admit(await self._exams.get(attempt.exam_id), attempt)
                arrived = await self._arrivals.of(attempt.attempt_id)
                if sequence not in arrived:
                    arrived.check_new(sequence)
                    await self._refuse(attempt, sequence)

    async def drain(self, exam: ExamId, within_s: float) -> None:
        """Return when no upload of `exam` is between its first check and its answer."""

        with suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._idle:
                await self._idle.wait_for(lambda: self._under_way[exam] == 0)

    async def _take(self, attempt: Attempt, upload: Upload) -> Receipt:
        self._share.came(attempt.attempt_id, len(upload.body))
        await self._check_limits(attempt, upload)
        async with self._locks.of(attempt.attempt_id):
            arrived = await self._arrivals.of(attempt.attempt_id)
            if upload.sequence in arrived:
                await self._check_same(attempt, upload)
            else:
                exam = await self._exams.get(attempt.exam_id)
                late = self._admit(exam, attempt)
                arrived.check_new(upload.sequence)
                await self._keep(exam, attempt, upload, late)
                arrived.add(upload.sequence)
        self._halls.update(
            attempt.attempt_id, acknowledged=arrived.solid, last_sequence=arrived.highest
        )
        return Receipt(
            sequence=upload.sequence, acknowledged=arrived.solid, wait_ms=self._pace_ms()
        )

    async def _check_limits(self, attempt: Attempt, upload: Upload) -> None:
        if len(upload.body) > MAX_SNIPPET_BYTES:
            raise TooLarge("The snippet is too large: record shorter ones.")
        if hashlib.sha256(upload.body).digest() != upload.digest:
            # Once it may be the way here; a page that meets it twice gives the snippet up.
            if self._damaged.get(attempt.attempt_id) == upload.sequence:
                await self.refuse(attempt, upload.sequence)
            self._damaged[attempt.attempt_id] = upload.sequence
            raise BadInput(
                "The snippet does not fit its digest: it was damaged on the way, send it again.",
                code="digest-mismatch",
            )

    async def _check_same(self, attempt: Attempt, upload: Upload) -> None:
        stored = await self._snippets.snippet(attempt.attempt_id, upload.sequence)
        if stored is None or stored.plain_sha256 != upload.digest.hex():
            raise Conflict(
                f"Snippet {upload.sequence} is already kept with other content.",
                code="other-digest",
            )

    def _admit(self, exam: Exam, attempt: Attempt) -> bool:
        """Return whether it is late; raise when nothing may be taken now."""
        if Category.SNIPPET not in permitted(exam.settings.features):
            raise NotAllowed("This exam records no video.", code="snippets-off")
        if attempt.camera is CameraState.REFUSED or attempt.notice_version is None:
            raise NotAllowed(
                "Nothing is recorded before the notice is acknowledged.", code="no-notice"
            )
        if exam.state is ExamState.LIVE:
            return False
        until = late_until_ms(exam)
        if exam.state is ExamState.CLOSED and until is not None:
            if self._clock.now_ms() < until:
                return True
            raise WrongState(
                "The exam is closed and the time for late uploads is over.", code="too-late"
            )
        raise WrongState(
            f"The exam is {exam.state.value}: snippets are taken while it is live.",
            code="exam-not-live",
        )

    async def _keep(self, exam: Exam, attempt: Attempt, upload: Upload, late: bool) -> None:
        if await self._blobs.free_bytes() < self._keep_free + len(upload.body):
            raise NoRoom("The box's disk is nearly full: tell an invigilator.")
        try:
            checked = await _check_off_loop(upload.body)
            _check_silence(exam, checked)
        except (BadMedia, TooLarge):
            # The digest fits, so the same bytes would be refused again: nobody waits for them.
            await self._refuse(attempt, upload.sequence)
            raise
        sealed, late = await self._seal(exam, attempt, upload.sequence, checked.media, late)
        snippet = Snippet(
            attempt_id=attempt.attempt_id,
            sequence=upload.sequence,
            plain_sha256=upload.digest.hex(),
            plain_size=len(upload.body),
            started_ms=self._plausible(exam, upload.started_ms),
            duration_s=checked.duration_s,
            stored=sealed.stored,
            late=late,
        )
        await self._objects.keep(sealed, lambda: self._snippets.add_snippet(snippet))
        if not late:
            self._look(exam, attempt, snippet, checked.media)

    async def _refuse(self, attempt: Attempt, sequence: int) -> None:
        """The page tells the candidate that the invigilator knows: said once for each attempt."""
        first = not await self._snippets.refused(attempt.attempt_id)
        await self._snippets.mark_refused(attempt.attempt_id, sequence)
        if first:
            self._halls.announce(
                attempt.exam_id,
                f"Seat {attempt.seat.label} sent a recording that cannot be used: watch this seat "
                "in person and tell the technician.",
                level="warning",
                attempt=attempt.attempt_id,
            )

    async def _seal(
        self, exam: Exam, attempt: Attempt, sequence: int, media: bytes, late: bool
    ) -> tuple[Sealed, bool]:
        """Sealed, and whether as a late one: an exam may be closed between check and key."""
        if not late:
            try:
                sealed = await self._objects.seal(
                    exam, attempt.attempt_id, ObjectKind.SNIPPET, sequence, media
                )
                return sealed, False
            except Locked:
                if not self._admit(await self._exams.get(exam.exam_id), attempt):
                    raise
        sealed = await self._objects.seal(
            exam, attempt.attempt_id, ObjectKind.SNIPPET, sequence, media, late=True
        )
        return sealed, True

    def _plausible(self, exam: Exam, started_ms: int) -> int:
        """A page's clock is never a reason to lose footage: a time that cannot be is moved to
        the nearest that can."""
        first = exam.started_ms or exam.created_ms
        return min(max(started_ms, first), self._clock.now_ms())

    def _pace_ms(self) -> int:
        over = self._budget.share_used - _PACE_FROM
        for_memory = round(max(0.0, over) / (1 - _PACE_FROM) * _PACE_MAX_MS)
        return max(for_memory, self._pace.wait_ms())


def _check_silence(exam: Exam, checked: StrippedSnippet) -> None:
    if checked.has_sound and Category.SOUND_PRESENCE not in permitted(exam.settings.features):
        raise BadMedia(
            "This exam records no sound, and the snippet has some: load the page again.",
            code="sound-not-permitted",
        )


async def _check_off_loop(body: bytes) -> StrippedSnippet:
    """A usual snippet takes about a millisecond to check; a large one must not hold up others."""
    if len(body) <= _INLINE_BYTES:
        return check_and_strip(body)
    return await asyncio.to_thread(check_and_strip, body)
