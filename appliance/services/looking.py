"""The queue between keeping a snippet and looking at it.

Media waits in memory only up to a bound; what is over it is opened again from its ciphertext when
its turn has come. While an exam is locked (after a restart, before somebody logs in) its snippets
wait; they are kept all the same.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

import structlog

from appliance.core.attempt import Attempt
from appliance.core.errors import HallvaktError, Locked
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.core.ports import AttemptStore, ExamStore, SnippetStore
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
        at_once: int,
    ) -> None:
        self._watch = watch
        self._objects = objects
        self._portraits = portraits
        self._exams = exams
        self._attempts = attempts
        self._snippets = snippets
        self._keys = keys
        self._halls = halls
        self._at_once = at_once
        self._waiting: OrderedDict[_Key, _Waiting] = OrderedDict()
        self._running: dict[_Key, asyncio.Task[None]] = {}
        self._held = 0

    @property
    def backlog(self) -> int:
        return len(self._waiting) + len(self._running)

    def add(self, exam: Exam, attempt: Attempt, snippet: Snippet, media: bytes | None) -> None:
        """Look at a kept snippet when its turn comes; the same one twice is one."""
        key = (attempt.attempt_id, snippet.sequence)
        if key in self._waiting or key in self._running:
            return
        if media is not None and self._held + len(media) > MEDIA_BYTES:
            media = None
        self._held += len(media) if media else 0
        self._waiting[key] = _Waiting(exam.exam_id, snippet, media)
        self._start_more()

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
        self._waiting.clear()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _of(self, exam: ExamId) -> list[_Key]:
        waiting = [k for k, w in self._waiting.items() if w.exam_id == exam]
        return waiting + [k for k, t in self._running.items() if t.get_name() == exam]

    def _start_more(self) -> None:
        for key, waiting in list(self._waiting.items()):
            if len(self._running) >= self._at_once:
                return
            if not self._keys.unlocked(waiting.exam_id):
                continue
            del self._waiting[key]
            task = asyncio.create_task(self._look(waiting), name=waiting.exam_id)
            self._running[key] = task
            task.add_done_callback(partial(self._done, key))

    def _done(self, key: _Key, _task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
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
            looked = await self._watch.look(exam, attempt, snippet, media, reference)
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
