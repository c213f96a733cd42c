"""A closed exam and its attempts as rows alone: no media, no keys, no names."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from appliance.adapters.store.stores import Stores
from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam, ExamState, Seat
from appliance.core.ids import AttemptId, ExamId
from appliance.core.settings import ExamSettings, Retention
from appliance.core.settings_hash import settings_hash


@dataclass(frozen=True, slots=True)
class BareExam:
    exam: ExamId
    attempts: tuple[AttemptId, ...]


def new_id() -> str:
    return secrets.token_hex(16)


async def add_bare_exam(stores: Stores, attempts: int) -> BareExam:
    """Everybody has handed in and the exam is closed."""
    exam, settings = ExamId(new_id()), ExamSettings(title="Bare", retention=Retention(days=30))
    await stores.exams.add(
        Exam(
            exam_id=exam,
            code="BAREXM",
            state=ExamState.CLOSED,
            settings=settings,
            settings_hash=settings_hash(settings),
            created_ms=1,
            opened_ms=1,
            started_ms=1,
            closed_ms=1,
        )
    )
    seats = [
        Attempt(
            attempt_id=AttemptId(new_id()),
            exam_id=exam,
            seat=Seat(hall="A", label=f"A{number}"),
            state=AttemptState.HANDED_IN,
            camera=CameraState.WORKING,
            seat_code_hash=new_id(),
            epoch=1,
        )
        for number in range(attempts)
    ]
    await stores.attempts.add(seats)
    return BareExam(exam, tuple(seat.attempt_id for seat in seats))
