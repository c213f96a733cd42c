"""The staged-clip evaluation, short. The whole one: `python -m tests.benchmarks.rules_on_clips`."""

from __future__ import annotations

from appliance.core.observation import ObservationKind
from appliance.core.rule_samples import NEEDS
from appliance.core.settings import RuleThresholds
from tests.benchmarks.rules_on_clips import (
    EVENTS,
    Result,
    event_clip,
    normal_hours,
    rehearsal_faces,
)
from tests.support.media_workers import WorkerProcess
from tests.support.seat_footage import Seat

HARD = {
    ObservationKind.SEVERAL_FACES: 3,
    ObservationKind.OTHER_PERSON: 0,
    ObservationKind.LOOKING_AWAY: 0,
    ObservationKind.CONVERSATION: 3,
}


def test_staged_events_are_found_and_told_apart(worker: WorkerProcess) -> None:
    result = Result()
    for kind, variant in HARD.items():
        event_clip(worker, rehearsal_faces(), kind, variant, RuleThresholds(), result)
    assert {k: (f.staged, f.found, f.false) for k, f in result.kinds.items()} == dict.fromkeys(
        HARD, (1, 1, 0)
    )


def test_ordinary_footage_raises_nothing(worker: WorkerProcess) -> None:
    """Six minutes at each of two seats: a fifth of a candidate-hour, with every habit of
    `seat_footage` in it."""
    result = Result()
    faces = rehearsal_faces()
    for number in (0, 3):
        portrait, photo = faces[number]
        seat = Seat(photo, faces[1][1], 40 + number, 0.1)
        normal_hours(worker, portrait, seat, RuleThresholds(), result)
    assert (round(result.hours, 1), result.false_alarms, result.refused_portraits) == (0.2, {}, 0)


def test_every_kind_is_staged() -> None:
    assert set(NEEDS) == set(EVENTS)
