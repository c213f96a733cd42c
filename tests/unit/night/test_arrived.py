"""When an exam is complete enough to be sent before its late window has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam, ExamState, Seat
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName
from appliance.core.settings import ExamSettings, Features, Retention
from appliance.core.snippet import ObjectHeader, ObjectKind, Snippet, StoredObject
from appliance.services.arrived import all_arrived, window_ended

_START = 1_000_000
EXAM = Exam(
    exam_id=ExamId("e" * 32),
    code="CODE",
    state=ExamState.CLOSED,
    settings=ExamSettings(
        title="t", retention=Retention(days=1), features=Features(video_snippets=True)
    ),
    created_ms=0,
    closed_ms=_START,
)
ATTEMPT = Attempt(
    attempt_id=AttemptId("a" * 32),
    exam_id=EXAM.exam_id,
    seat=Seat(hall="h", label="A1"),
    state=AttemptState.HANDED_IN,
    camera=CameraState.WORKING,
    seat_code_hash="",
    finished_ms=_START + 30_000,
)


def _snippets(*sequences: int) -> list[Snippet]:
    return [
        Snippet(
            attempt_id=ATTEMPT.attempt_id,
            sequence=n,
            plain_sha256="",
            plain_size=1,
            started_ms=_START + (n - 1) * 10_000,
            duration_s=10.0,
            stored=StoredObject(
                name=ObjectName(f"{n:032x}"),
                header=ObjectHeader(
                    kind=ObjectKind.SNIPPET,
                    box_id=BoxId("b" * 32),
                    exam_id=EXAM.exam_id,
                    attempt_id=ATTEMPT.attempt_id,
                    sequence=n,
                    epoch=1,
                ),
                size=1,
                sha256="",
                stored_ms=0,
            ),
        )
        for n in sequences
    ]


def _complete(attempt: Attempt, *sequences: int) -> bool:
    return all_arrived(EXAM, [attempt], {attempt.attempt_id: _snippets(*sequences)})


def test_from_the_first_number_to_the_hand_in() -> None:
    assert _complete(ATTEMPT, 1, 2, 3)


@pytest.mark.parametrize("there", [(1, 3), (2, 3), ()])
def test_a_gap_waits(there: tuple[int, ...]) -> None:
    assert not _complete(ATTEMPT, *there)


def test_a_missing_end_waits() -> None:
    long_after = replace(ATTEMPT, finished_ms=_START + 120_000)
    assert not _complete(long_after, 1, 2, 3)


@pytest.mark.parametrize(
    "state", [AttemptState.ENDED, AttemptState.RECORDING, AttemptState.CHECKED_IN]
)
def test_who_has_not_handed_in_may_still_send(state: AttemptState) -> None:
    assert not _complete(replace(ATTEMPT, state=state), 1, 2, 3)


def test_who_never_came_sends_nothing() -> None:
    assert _complete(replace(ATTEMPT, state=AttemptState.EXPECTED, finished_ms=None))


def test_a_seat_without_camera_sends_nothing() -> None:
    assert _complete(replace(ATTEMPT, camera=CameraState.MISSING))


def test_the_window_counts_from_close() -> None:
    minutes = EXAM.settings.late_upload_minutes
    assert not window_ended(EXAM, _START + minutes * 60_000 - 1)
    assert window_ended(EXAM, _START + minutes * 60_000)
    assert not window_ended(replace(EXAM, closed_ms=None), 10**15)
