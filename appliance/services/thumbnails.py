"""Stills of snippets: sealed like the snippets they come from, one each (DESIGN ruling 14)."""

from __future__ import annotations

from appliance.core.ids import AttemptId
from appliance.core.ports import AttemptStore, ExamStore
from appliance.core.snippet import ObjectKind
from appliance.services.sealed_objects import SealedObjects


class Thumbnails:
    def __init__(self, exams: ExamStore, attempts: AttemptStore, objects: SealedObjects) -> None:
        self._exams = exams
        self._attempts = attempts
        self._objects = objects

    async def keep(self, attempt_id: AttemptId, sequence: int, jpeg: bytes) -> None:
        attempt = await self._attempts.get(attempt_id)
        exam = await self._exams.get(attempt.exam_id)
        await self._objects.seal_and_keep(exam, attempt_id, ObjectKind.THUMBNAIL, sequence, jpeg)
