"""The queue between keeping a snippet and looking at it.

What the console needs now goes first (`core/look_order.py`). Media waits in memory only up to a
bound; what is over it is opened again from its ciphertext when its turn has come. When live footage
waits for long, looking is made cheaper in a stated order (`core/overload.py`); nothing is dropped.
While an exam is locked (after a restart, before somebody logs in) its snippets wait; they are kept
all the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import structlog

from appliance.core import look_order, overload
from appliance.core.attempt import Attempt
from appliance.core.errors import HallvaktError, Locked
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.core.overload import LeftOut, Limits, Overload
from appliance.core.ports import AttemptStore, Clock, ExamStore, SnippetStore
from appliance.core.processing import Category, permitted
from appliance.core.snippet import Snippet
from appliance.services.hall import Halls
from appliance.services.key_ring import KeyRing
from appliance.services.portraits import Portraits
from appliance.services.sealed_objects import SealedObjects
from appliance.services.watch import Watch

log = structlog.get_logger(__name__)

MEDIA_BYTES = 48 * 1024 * 1024
_Key = tuple[AttemptId, int]


@dataclass(slots=True)
class _Waiting:
    exam_id: ExamId
    snippet: Snippet
    media: bytes | None
    place: look_order.Waiting
    since_s: float  # monotonic
    live: bool  # when it came


class Looking:
    """`at_once` looks run side by side: enough to keep every media worker busy."""

    def __init__(
        self,
        *,
        watch: Watch,
        objects: SealedObjects,
        portraits: Portraits,
        exams: ExamStore,
        attempts: AttemptStore,
        snippets: SnippetStore,
        keys: KeyRing,
        halls: Halls,
        clock: Clock,
        at_once: int,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
    ) -> None:
        self._watch = watch
        self._objects = objects
        self._portraits = portraits
        self._exams = exams
        self._attempts = attempts
        self._snippets = snippets
        self._keys = keys
        self._halls = halls
        self._clock = clock
        self._at_once = at_once
        self._limits = limits
        self._overload = Overload()
        self._waiting: dict[_Key, _Waiting] = {}
        self._running: dict[_Key, asyncio.Task[None]] = {}
        self._looked_at: dict[_Key, _Waiting] = {}
        self._behind_ms: dict[AttemptId, int] = {}
        self._held = 0

    @property
    def backlog(self) -> int:
        return len(self._waiting) + len(self._running)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not done now because too much footage comes; see `core/overload.py`."""
        return self._overload.left_out

    def tick(self, workers: int) -> None:
        """Once a second, with the number of media workers that are there."""
        now_s = self._clock.monotonic()
        late_before = now_s - self._limits.late_after_s
        waiting = (*self._waiting.values(), *self._looked_at.values())
        # One seat that sends too much is no reason to look at the others less closely.
        too_many = look_order.flooding(w.place.attempt_id for w in waiting if w.live)
        late = sum(
            w.live and w.since_s < late_before and self._keys.unlocked(w.exam_id)
            for w in waiting
            if w.place.attempt_id not in too_many
        )
        before = self._overload.left_out
        self._overload = overload.advance(
            self._overload, now_s=now_s, late=late, workers=workers, limits=self._limits
        )
        if self._overload.left_out != before:
            log.warning("looking", left_out=[str(one) for one in self.left_out], late=late)

    def add(self, exam: Exam, attempt: Attempt, snippet: Snippet, media: bytes | None) -> None:
        """Look at a kept snippet when its turn comes; the same one twice is one."""
        key = (attempt.attempt_id, snippet.sequence)
        if key in self._waiting or key in self._running:
            return
        place = self._place(attempt.attempt_id, snippet, fresh=media is not None)
        if media is not None and self._held + len(media) > MEDIA_BYTES:
            media = None
        self._held += len(media) if media else 0
        self._waiting[key] = _Waiting(
            exam_id=exam.exam_id,
            snippet=snippet,
            media=media,
            place=place,
            since_s=self._clock.monotonic(),
            live=look_order.is_live(place, self._clock.now_ms()),
        )
        self._start_more()

    def _place(self, attempt: AttemptId, snippet: Snippet, *, fresh: bool) -> look_order.Waiting:
        """Footage is dated by the page's clock, which may be wrong. The shortest way that a seat's
        footage ever took here is taken for how far its clock is behind."""
        ended_ms = snippet.started_ms + round(snippet.duration_s * 1000)
        if fresh:
            took_ms = max(0, self._clock.now_ms() - ended_ms)
            self._behind_ms[attempt] = min(took_ms, self._behind_ms.get(attempt, took_ms))
        return look_order.Waiting(
            attempt, snippet.sequence, ended_ms + self._behind_ms.get(attempt, 0)
        )

    async def resume(self, exam: Exam) -> int:
        """After a restart and a login: queue what was kept but not looked at. How many."""
        rows = await self._snippets.not_analysed(exam.exam_id)
        attempts = {a.attempt_id: a for a in await self._attempts.of_exam(exam.exam_id)}
        for row in rows:
            if not row.late and row.attempt_id in attempts:
                self.add(exam, attempts[row.attempt_id], row, None)
        self._start_more()
        return len(rows)

    async def finish(self, exam: ExamId, within_s: float) -> int:
        """Wait for the exam's looks, at most `within_s`; give up the rest. How many were given
        up or failed is in the rows, not here: this is how many were still waiting."""
        try:
            async with asyncio.timeout(within_s):
                while mine := self._of(exam):
                    running = [self._running[k] for k in mine if k in self._running]
                    if not running:
                        break  # locked: nobody can look at these
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            pass
        given_up = self._of(exam)
        for key in given_up:
            if waiting := self._waiting.pop(key, None):
                self._held -= len(waiting.media or b"")
            if task := self._running.get(key):
                task.cancel()
        return len(given_up)

    async def close(self) -> None:
        """The gateway stops: what waits is looked at after the next start."""
        self._behind_ms.clear()
        self._waiting.clear()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _of(self, exam: ExamId) -> list[_Key]:
        waiting = [k for k, w in self._waiting.items() if w.exam_id == exam]
        return waiting + [k for k, t in self._running.items() if t.get_name() == exam]

    def _start_more(self) -> None:
        while len(self._running) < self._at_once:
            unlocked = (w.place for w in self._waiting.values() if self._keys.unlocked(w.exam_id))
            place = look_order.next_to_look(unlocked, self._clock.now_ms())
            if place is None:
                return
            key = (place.attempt_id, place.sequence)
            waiting = self._looked_at[key] = self._waiting.pop(key)
            task = asyncio.create_task(self._look(waiting), name=waiting.exam_id)
            self._running[key] = task
            task.add_done_callback(partial(self._done, key))

    def _done(self, key: _Key, _task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        self._looked_at.pop(key, None)
        self._start_more()

    async def _look(self, waiting: _Waiting) -> None:
        snippet = waiting.snippet
        try:
            exam = await self._exams.get(waiting.exam_id)
            if exam.state is not ExamState.LIVE:
                return
            media = waiting.media or await self._objects.open(snippet.stored)
            attempt = await self._attempts.get(snippet.attempt_id)
            reference = None
            if Category.DESCRIPTOR in permitted(exam.settings.features):
                reference = await self._portraits.reference(exam, snippet.attempt_id)
            looked = await self._watch.look(
                exam, attempt, snippet, media, reference, left_out=self.left_out
            )
            if looked.thumbnail:
                self._halls.update(
                    snippet.attempt_id,
                    last_picture_ms=snippet.started_ms + round(snippet.duration_s * 1000),
                )
        except Locked:
            return  # stays not analysed; queued again when it is unlocked
        except HallvaktError as error:
            log.warning("snippet not looked at", code=error.code)
        except Exception:  # the boundary of this task: others must go on
            log.exception("snippet not looked at")
        finally:
            self._held -= len(waiting.media or b"")
