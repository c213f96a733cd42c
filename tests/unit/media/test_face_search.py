"""How often the whole picture is searched closely, with a detector that sees what it is told."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.adapters.vision.faces import DETECT_WITHIN, Face
from appliance.processes.analysis.attempt_state import AttemptState, dump, load
from appliance.processes.analysis.face_search import search

PICTURE = np.zeros((240, 320, 3), np.uint8)


def face(score: float = 0.9, height: float = 100.0) -> Face:
    points = np.zeros((5, 2), np.float32)
    return Face(left=10, top=10, width=0.8 * height, height=height, points=points, score=score)


class Detector:
    """`glance` and `good` are what the two ways of looking find."""

    def __init__(self, glance: list[Face], good: list[Face]) -> None:
        self.glance, self.good = glance, good
        self.good_looks = 0

    def find(self, picture: np.ndarray, within: tuple[int, int] = DETECT_WITHIN) -> list[Face]:
        if within == DETECT_WITHIN:
            self.good_looks += 1
            return self.good
        return self.glance


def looked(detector: Detector, frames: int, state: AttemptState, from_s: float = 0.0) -> list[int]:
    """How many faces each of the frames, two seconds apart, was said to show."""
    counts = []
    for index in range(frames):
        faces = search(detector, PICTURE, from_s + 2.0 * index, state, 0.4)  # type: ignore[arg-type]
        state.box = (0.1, 0.1, 0.3, 0.4) if faces else None
        counts.append(len(faces))
    return counts


def test_one_sure_face_is_glanced_at_and_the_whole_searched_now_and_then() -> None:
    detector = Detector([face()], [face()])
    assert looked(detector, 20, AttemptState()) == [1] * 20
    assert detector.good_looks == 4  # every ten seconds


@pytest.mark.parametrize(
    ("glance", "good"),
    [([], [face()]), ([face(0.65)], [face(0.7)]), ([face(), face(0.7)], [face()])],
    ids=["nobody", "unsure", "two"],
)
def test_nothing_but_one_sure_face_is_said_from_a_glance(
    glance: list[Face], good: list[Face]
) -> None:
    detector = Detector(glance, good)
    assert looked(detector, 10, AttemptState()) == [1] * 10
    assert detector.good_looks == 10


def test_a_second_face_too_small_for_a_glance_is_found_and_then_seen_in_every_frame() -> None:
    state = AttemptState()
    detector = Detector([face()], [face()])
    looked(detector, 3, state)
    detector.good = [face(), face(0.85)]
    counts = looked(detector, 15, state, from_s=6.0)
    assert counts.index(2) <= 4
    assert set(counts[counts.index(2) :]) == {2}


def test_an_empty_seat_is_always_searched_closely() -> None:
    detector = Detector([], [])
    looked(detector, 6, AttemptState())
    assert detector.good_looks == 6


def test_the_state_survives_its_bytes() -> None:
    state = AttemptState(searched_s=4.0, several_s=2.0, face_grey=b"\x01" * 576)
    assert load(dump(state)) == state


def test_a_row_behind_the_seat_is_no_reason_to_look_again() -> None:
    row = [face(0.8, height=30.0), face(0.9, height=25.0)]
    detector = Detector([face(), *row], [face(), *row])
    assert looked(detector, 20, AttemptState()) == [3] * 20
    assert detector.good_looks == 4
