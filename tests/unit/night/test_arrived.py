"""When an exam is complete enough to be sent before its late window has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.attempt import AttemptState
from appliance.core.exam import ExamState
from appliance.services.arrived import arrived, window_ended
from tests.contract.store.samples import attempt, exam

_START = 1_000_000
EXAM = replace(exam(), state=ExamState.CLOSED, closed_ms=_START)
ATTEMPT = replace(attempt(), state=AttemptState.HANDED_IN, joined_ms=1, last_sequence=3)


def _complete(last: int | None, *settled: int) -> bool:
    told = replace(ATTEMPT, last_sequence=last)
    return arrived(told, set(settled))


def test_from_the_first_number_to_the_last_that_was_told() -> None:
    assert _complete(3, 1, 2, 3)
    assert _complete(3, 3, 1, 2, 4)  # one more than was told is no reason to wait


@pytest.mark.parametrize("there", [(1, 3), (2, 3), (1, 2), (1, 2, 4), ()])
def test_a_gap_waits(there: tuple[int, ...]) -> None:
    assert not _complete(3, *there)


def test_a_seat_without_footage_says_so() -> None:
    assert _complete(0)


def test_who_has_not_told_may_still_send() -> None:
    assert not _complete(None, 1, 2, 3)
    # Ended by an invigilator: the page stops, and tells its last number like any other.
    ended = replace(ATTEMPT, state=AttemptState.ENDED)
    assert arrived(ended, {1, 2, 3})


def test_who_is_still_recording_has_not_told() -> None:
    other = replace(attempt(2), joined_ms=1, state=AttemptState.RECORDING)
    assert not arrived(other, {1, 2, 3})


def test_who_never_came_sends_nothing() -> None:
    assert arrived(attempt(), set())


def test_the_window_counts_from_close() -> None:
    minutes = EXAM.settings.late_upload_minutes
    assert not window_ended(EXAM, _START + minutes * 60_000 - 1)
    assert window_ended(EXAM, _START + minutes * 60_000)
    assert not window_ended(replace(EXAM, closed_ms=None), 10**15)
