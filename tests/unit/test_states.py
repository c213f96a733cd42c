"""The lives of exams and attempts: every pair of states."""

from __future__ import annotations

from itertools import product

import pytest

from appliance.core import attempt, exam
from appliance.core.attempt import FINISHED, AttemptState
from appliance.core.errors import WrongState
from appliance.core.exam import IN_SESSION, ExamState, Seat

EXAM_STEPS = {
    "draft ready",
    "ready open",
    "ready draft",
    "open live",
    "open closed",
    "live closed",
    "closed archived",
    "archived purged",
}
ATTEMPT_STEPS = {
    "expected checked_in",
    "expected ended",
    "checked_in recording",
    "checked_in handed_in",
    "checked_in ended",
    "checked_in expected",
    "recording on_break",
    "recording handed_in",
    "recording ended",
    "on_break recording",
    "on_break handed_in",
    "on_break ended",
}


@pytest.mark.parametrize(("now", "then"), list(product(ExamState, ExamState)))
def test_exam(now: ExamState, then: ExamState) -> None:
    if f"{now.value} {then.value}" in EXAM_STEPS:
        exam.check_transition(now, then)
    else:
        with pytest.raises(WrongState, match=f"The exam is {now.value}"):
            exam.check_transition(now, then)


@pytest.mark.parametrize(("now", "then"), list(product(AttemptState, AttemptState)))
def test_attempt(now: AttemptState, then: AttemptState) -> None:
    if f"{now.value} {then.value}" in ATTEMPT_STEPS:
        attempt.check_transition(now, then)
    else:
        with pytest.raises(WrongState, match=f"The attempt is {now.value}"):
            attempt.check_transition(now, then)


def test_a_closed_exam_is_never_in_session_again() -> None:
    reached = {ExamState.CLOSED}
    for _ in ExamState:
        reached |= {
            then for now, then in product(reached, ExamState) if f"{now} {then}" in EXAM_STEPS
        }
    assert reached.isdisjoint(IN_SESSION)


def test_finished_attempts_stay_finished() -> None:
    assert not [step for step in ATTEMPT_STEPS if step.split()[0] in FINISHED]


@pytest.mark.parametrize(
    ("label", "row", "column"),
    [("A2", "A", 2), ("AB12", "AB", 12), ("7", "", 7), ("Front", "Front", 0), ("", "", 0)],
)
def test_seats(label: str, row: str, column: int) -> None:
    seat = Seat(hall="A", label=label)
    assert (seat.row, seat.column) == (row, column)
