"""From when on a console may expect a seat's pictures: what tells a seat that never sent one from
one that need not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam
from appliance.core.feed import BoxStatus
from appliance.core.settings import Features
from appliance.services.hall import Halls
from tests.contract.store.samples import attempt, exam
from tests.support.fake_clock import FakeClock

_BOX = BoxStatus(relay=False, disk_used_percent=1, consoles=0, workers=1, backlog=0, unlocked=True)
_RECORDING = replace(attempt(1), state=AttemptState.RECORDING, camera=CameraState.WORKING)


class _Hall:
    """One seat, and the box's clock."""

    def __init__(self, seat: Attempt, of: Exam | None = None) -> None:
        self.clock = FakeClock()
        self._halls = Halls(self.clock, lambda _exam: _BOX)
        self._halls.enter(of or exam(), [seat], [], {}, {})

    def since_ms(self) -> int | None:
        seat = self._halls.seat(_RECORDING.attempt_id)
        assert seat is not None
        return seat.recording_since_ms

    def becomes(self, state: AttemptState, camera: CameraState = CameraState.WORKING) -> None:
        self._halls.attempt_changed(replace(_RECORDING, state=state, camera=camera))


def test_they_are_due_from_the_start_and_anew_after_a_break() -> None:
    hall = _Hall(replace(_RECORDING, state=AttemptState.CHECKED_IN))
    assert hall.since_ms() is None
    hall.clock.advance(60)
    hall.becomes(AttemptState.RECORDING)
    started = hall.clock.now_ms()
    hall.clock.advance(600)
    hall.becomes(AttemptState.RECORDING)  # something else about the seat changed
    assert hall.since_ms() == started
    hall.becomes(AttemptState.ON_BREAK)
    assert hall.since_ms() is None
    hall.clock.advance(300)
    hall.becomes(AttemptState.RECORDING)
    assert hall.since_ms() == hall.clock.now_ms() == started + 900_000
    hall.becomes(AttemptState.HANDED_IN)
    assert hall.since_ms() is None


def test_a_box_that_comes_back_counts_from_then() -> None:
    hall = _Hall(_RECORDING)
    assert hall.since_ms() == hall.clock.now_ms()


def test_a_camera_that_is_back_gets_its_time() -> None:
    hall = _Hall(replace(_RECORDING, camera=CameraState.MISSING))
    assert hall.since_ms() is None
    hall.clock.advance(600)
    hall.becomes(AttemptState.RECORDING)
    assert hall.since_ms() == hall.clock.now_ms()


@pytest.mark.parametrize("state", [AttemptState.CHECKED_IN, AttemptState.RECORDING])
def test_none_are_due_in_an_exam_without_snippets(state: AttemptState) -> None:
    live_only = replace(exam().settings, features=Features(live_view=True))
    hall = _Hall(replace(_RECORDING, state=state), replace(exam(), settings=live_only))
    hall.becomes(AttemptState.RECORDING)
    assert hall.since_ms() is None
