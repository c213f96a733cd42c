"""Who sits at a seat, when others are seen behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.observation import FrameMeasurement, ObservationKind
from appliance.core.rules import ObservationStarted
from appliance.core.settings import RuleThresholds
from tests.support import measurements as m
from tests.support.measurements import FrameAt, during, judge, series

ROW = (0.14, 0.12)
WITH_ROW = replace(m.USUAL, face_scores=(0.93, 0.9, 0.88), face_heights=(0.46, *ROW))
GONE = replace(m.NOBODY, face_scores=(0.9, 0.88), face_heights=ROW, similarity=0.01)


def kinds(frame_at: FrameAt, thresholds: RuleThresholds | None = None) -> list[ObservationKind]:
    _, events = judge(series(180, frame_at), thresholds=thresholds)
    return [e.observation.kind for e in events if isinstance(e, ObservationStarted)]


def usual_is(frame: FrameMeasurement) -> FrameAt:
    return lambda _second: frame


def test_a_row_behind_the_seat_is_nobody_at_it() -> None:
    assert kinds(usual_is(WITH_ROW)) == []


def test_a_seat_left_empty_before_a_row_is_noticed_and_no_other_person() -> None:
    assert kinds(during(100, 130, GONE, usual_is(WITH_ROW))) == [ObservationKind.NOBODY_IN_VIEW]


@pytest.mark.parametrize("height", [0.19, 0.28, 0.46, 0.7])
def test_somebody_who_leans_in_is_seen(height: float) -> None:
    both = replace(m.TWO_FACES, face_heights=(0.46, height))
    assert kinds(during(100, 120, both, usual_is(WITH_ROW))) == [ObservationKind.SEVERAL_FACES]


def test_somebody_who_leans_in_at_once_is_seen_before_a_usual_height_is_known() -> None:
    both = replace(m.TWO_FACES, face_heights=(0.46, 0.28))
    assert kinds(during(0, 12, both)) == [ObservationKind.SEVERAL_FACES]


@pytest.mark.parametrize("height", [0.2, 0.3, 0.9])
def test_the_candidate_may_lean_back_and_forth(height: float) -> None:
    near = replace(WITH_ROW, face_heights=(0.8, *ROW))
    leaning = replace(WITH_ROW, face_heights=(height, *ROW))
    assert kinds(during(100, 150, leaning, usual_is(near))) == []


def test_a_school_may_ask_for_smaller_faces() -> None:
    asked = RuleThresholds(seat_face_share=0.2)
    assert kinds(usual_is(WITH_ROW), asked) == [ObservationKind.SEVERAL_FACES]


def test_somebody_else_is_found_with_a_row_behind() -> None:
    other = replace(WITH_ROW, similarity=0.03)
    assert kinds(during(100, 130, other, usual_is(WITH_ROW))) == [ObservationKind.OTHER_PERSON]
