"""Face photos at check-in: looked at by a media worker, kept sealed, and, only where the
settings permit it, described for the comparison with the snippets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from appliance.core.accommodation import permitted_for
from appliance.core.attempt import Attempt
from appliance.core.errors import BadMedia, NotAllowed, Unreachable
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId
from appliance.core.messages import (
    PortraitHint,
    PortraitPrepared,
    PreparePortrait,
    WorkerFailed,
)
from appliance.core.ports import MediaWorkers, SnippetStore
from appliance.core.processing import Category, permitted
from appliance.core.snippet import ObjectKind, StoredObject
from appliance.services.sealed_objects import SealedObjects

SENTENCES = {
    PortraitHint.MORE_LIGHT: "It is too dark: turn towards a lamp or a window.",
    PortraitHint.LESS_LIGHT: "It is too bright: turn away from the lamp or the window.",
    PortraitHint.HOLD_STILL: "The picture is blurred: hold still.",
    PortraitHint.NO_FACE: "No face was found: look straight into the camera.",
    PortraitHint.SEVERAL_FACES: "More than one person is in the picture: sit alone in it.",
    PortraitHint.COME_CLOSER: "You are too far away: come closer.",
    PortraitHint.FACE_CAMERA: "Look straight into the camera.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitAnswer:
    accepted: bool
    hints: tuple[PortraitHint, ...]
    sentences: tuple[str, ...]


class Portraits:
    """Also keeps the descriptors of the exams in session in memory."""

    def __init__(
        self, workers: MediaWorkers, objects: SealedObjects, snippets: SnippetStore
    ) -> None:
        self._workers = workers
        self._objects = objects
        self._snippets = snippets
        self._references: dict[AttemptId, bytes] = {}
        self._one_at_a_time = asyncio.Semaphore(4)

    def check_permitted(self, exam: Exam) -> None:
        """Raise NotAllowed when the settings want no photo."""
        if Category.PORTRAIT not in permitted(exam.settings.features):
            raise NotAllowed("This exam takes no photo.", code="photo-off")

    async def take(self, exam: Exam, attempt: Attempt, picture: bytes) -> PortraitAnswer:
        """A later accepted photo takes the place of an earlier one.

        Raise NotAllowed when the settings want no photo, BadMedia when the worker cannot read
        it, Unreachable when no worker answers.
        """
        self.check_permitted(exam)
        allowed = permitted_for(exam.settings.features, attempt)
        if attempt.identity_checked_by_hand:  # nobody has a use for a vector any more
            allowed -= {Category.DESCRIPTOR}
        async with self._one_at_a_time:
            reply = await self._workers.ask(
                PreparePortrait(
                    picture=picture, permitted=allowed, descriptor=exam.settings.descriptor
                ),
                urgent=True,
            )
        if isinstance(reply, WorkerFailed):
            if reply.code.startswith("worker-"):
                raise Unreachable("The photo could not be looked at just now: try again.")
            raise BadMedia(reply.message, code=reply.code)
        if not isinstance(reply, PortraitPrepared):
            raise Unreachable("The photo could not be looked at just now: try again.")
        if reply.portrait is None:
            return PortraitAnswer(
                accepted=False,
                hints=reply.hints,
                sentences=tuple(SENTENCES[hint] for hint in reply.hints),
            )
        await self._replace(exam, attempt.attempt_id, ObjectKind.PORTRAIT, reply.portrait)
        if Category.DESCRIPTOR in allowed and reply.descriptor is not None:
            await self._replace(exam, attempt.attempt_id, ObjectKind.DESCRIPTOR, reply.descriptor)
            self._references[attempt.attempt_id] = reply.descriptor
        return PortraitAnswer(accepted=True, hints=(), sentences=())

    async def picture(self, attempt: AttemptId) -> bytes | None:
        """JPEG, or None when there is none; raise Locked."""
        return await self._newest(attempt, ObjectKind.PORTRAIT)

    async def reference(self, exam: Exam, attempt: AttemptId) -> bytes | None:
        """The descriptor to compare with: from memory, or opened again after a restart.

        None when not permitted or not there; raise Locked before somebody has logged in.
        """
        if Category.DESCRIPTOR not in permitted(exam.settings.features):
            return None
        if attempt not in self._references:
            found = await self._newest(attempt, ObjectKind.DESCRIPTOR)
            if found is None:
                return None
            self._references[attempt] = found
        return self._references[attempt]

    async def end(self, attempt: AttemptId) -> None:
        """At close, or when a person has compared: nobody has a use for the descriptor any more.
        Idempotent."""
        self._references.pop(attempt, None)
        for kept in await self._snippets.objects(attempt, ObjectKind.DESCRIPTOR):
            await self._objects.remove(kept)

    async def _replace(
        self, exam: Exam, attempt: AttemptId, kind: ObjectKind, plaintext: bytes
    ) -> None:
        before = await self._snippets.objects(attempt, kind)
        sequence = max((o.header.sequence for o in before), default=0) + 1
        await self._objects.seal_and_keep(exam, attempt, kind, sequence, plaintext)
        for older in before:
            await self._objects.remove(older)

    async def _newest(self, attempt: AttemptId, kind: ObjectKind) -> bytes | None:
        found: StoredObject | None = max(
            await self._snippets.objects(attempt, kind),
            key=lambda o: o.header.sequence,
            default=None,
        )
        return await self._objects.open(found) if found else None
