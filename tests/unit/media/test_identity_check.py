"""When faces are described and what is said of them, with vectors made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.adapters.vision.descriptors import Vector, unit
from appliance.adapters.vision.faces import Face
from appliance.core.settings import Descriptor
from appliance.processes.analysis import face_appearance, identity_check
from appliance.processes.analysis.attempt_state import AttemptState, dump, load
from appliance.processes.analysis.identity_check import IdentityCheck

_chance = np.random.default_rng(3)
OWN = unit(_chance.normal(size=192).astype(np.float32))
OTHER = unit(_chance.normal(size=192).astype(np.float32))


def face(
    left: float = 100.0, height: float = 100.0, score: float = 0.95, nose: float = 0.0
) -> Face:
    points = np.array(
        [[30, 40], [70, 40], [50 + nose, 60], [35, 80], [65, 80]], np.float32
    ) + np.array([left, 60.0], np.float32)
    return Face(left=left, top=60.0, width=height * 0.8, height=height, points=points, score=score)


class Seat:
    """Feeds one frame every two seconds; `described` counts what it cost."""

    def __init__(self) -> None:
        self.state = AttemptState()
        self.now_s = 100.0  # the first minute has a pace of its own
        self.described = 0

    def see(
        self,
        vector: Vector | None,
        at: Face | None = None,
        *,
        changed: bool = False,
        straight: bool = True,
        size: tuple[int, int] = (320, 240),
    ) -> float | None:
        """`vector` None: nobody there. State goes through its bytes every time."""
        self.state = load(dump(self.state))
        check = IdentityCheck(OWN, Descriptor.MOBILEFACENET, self.state)
        self.now_s += 2.0
        if vector is None:
            identity_check.remember(None, size, self.state)
            check.nobody()
            return None
        seen = at or face()
        moved = identity_check.has_moved(seen, size, self.state)
        identity_check.remember(seen, size, self.state)

        def describe() -> Vector:
            self.described += 1
            assert vector is not None
            return vector

        share = seen.height / size[1]
        return check.look(
            seen,
            self.now_s,
            describe,
            share=share,
            straight=lambda: straight,
            moved=moved,
            changed=changed,
        )


def test_three_frames_are_needed_before_anything_is_said() -> None:
    seat = Seat()
    assert seat.see(OWN) is None
    assert seat.see(OWN) is None
    alike = seat.see(OWN)
    assert alike is not None
    assert alike > 0.9


def test_in_the_first_minute_descriptions_that_agree_are_a_snippet_apart() -> None:
    seat = Seat()
    seat.now_s = 0.0
    answers = [seat.see(OWN) for _ in range(11)]  # to second 22
    assert seat.described == 3
    assert [answer is not None for answer in answers] == [False] * 10 + [True]


def test_a_first_look_at_somebody_else_is_not_paced_and_every_frame_counts() -> None:
    seat = Seat()
    seat.now_s = 0.0
    answers = [seat.see(OTHER) for _ in range(6)]
    assert [answer is not None for answer in answers] == [False] * 2 + [True] * 4


def test_in_the_first_minute_somebody_else_after_a_first_look_is_said_so_within_seconds() -> None:
    seat = Seat()
    seat.now_s = 0.0
    seat.see(OWN)
    answers = [seat.see(OTHER, changed=index == 0) for index in range(3)]
    assert answers[2] is not None
    assert answers[2] < 0.1


def test_a_nodded_head_is_described_when_it_comes_up_again() -> None:
    seat = Seat()
    assert [seat.see(OTHER, straight=False) for _ in range(3)] == [None] * 3
    assert seat.described == 0
    assert [seat.see(OWN) is None for _ in range(3)] == [True, True, False]


def test_somebody_else_who_sits_lower_is_described_all_the_same() -> None:
    seat = Seat()
    answers = [seat.see(OTHER, straight=False) for _ in range(6)]
    assert seat.described == 3
    assert answers[5] is not None
    assert answers[5] < 0.1


def test_nobody_in_the_hall_behind_is_described() -> None:
    """600 pixels high as cameras may be, a face of 60 is a tenth: two metres away."""
    seat = Seat()
    for _ in range(4):
        seat.see(OTHER, face(height=60.0), size=(800, 600))
    assert seat.described == 0


def test_a_settled_face_is_described_now_and_then() -> None:
    seat = Seat()
    for _ in range(33):
        seat.see(OWN)
    # Three on entry, then one every twenty-eight seconds of the next minute.
    assert seat.described == 3 + 2


@pytest.mark.parametrize(("changed", "within_s"), [(True, 4.0), (False, 32.0)])
def test_another_person_is_said_so_and_watched_closely(changed: bool, within_s: float) -> None:
    """Within seconds when the face suddenly looks different, else at the next description."""
    seat = Seat()
    for _ in range(5):
        seat.see(OWN)
    answers = [seat.see(OTHER, changed=changed and index == 0) for index in range(24)]
    said = [index for index, answer in enumerate(answers) if answer is not None]
    assert said[0] * 2 <= within_s
    assert all(answer < 0.1 for answer in answers if answer is not None)
    assert said == list(range(said[0], 24))


def test_a_changed_face_that_cannot_be_described_is_at_the_next_chance() -> None:
    seat = Seat()
    for _ in range(5):
        seat.see(OWN)
    seat.see(OTHER, face(nose=25.0), changed=True)
    assert seat.described == 3
    for _ in range(3):
        answer = seat.see(OTHER)
    assert seat.described == 6
    assert answer is not None
    assert answer < 0.1


def test_a_change_of_face_shows_in_the_greys_and_moving_does_not() -> None:
    rows, columns = np.mgrid[0:240, 0:320]
    one = np.repeat((127 + 100 * np.sin(columns / 9.0))[:, :, None], 3, axis=2).astype(np.uint8)
    other = np.repeat((127 + 100 * np.sin(rows / 9.0))[:, :, None], 3, axis=2).astype(np.uint8)
    state = AttemptState()
    assert not face_appearance.changed(one, face(), state)
    assert not face_appearance.changed((one * 0.7).astype(np.uint8), face(), state)
    shifted = np.roll(one, 12, axis=1)
    assert not face_appearance.changed(shifted, face(left=112.0), state)
    assert face_appearance.changed(other, face(), state)
    assert not face_appearance.changed(other, face(), state)


def test_the_own_person_coming_back_is_said_so() -> None:
    seat = Seat()
    for _ in range(5):
        seat.see(OTHER)
    answers = [answer for _ in range(6) if (answer := seat.see(OWN)) is not None]
    assert answers[-1] > 0.9
    assert all(answer > 0.5 for answer in answers)  # never a mixture of two persons


def test_an_absence_starts_anew() -> None:
    seat = Seat()
    for _ in range(4):
        seat.see(OWN)
    seat.see(None)
    assert seat.see(OTHER) is None
    assert seat.see(OTHER) is None
    answer = seat.see(OTHER)
    assert answer is not None
    assert answer < 0.1


def test_a_face_elsewhere_in_the_picture_starts_anew() -> None:
    seat = Seat()
    for _ in range(4):
        seat.see(OWN)
    before = seat.described
    seat.see(OWN, face(left=10.0))
    assert seat.described == before + 1


@pytest.mark.parametrize(
    "poor",
    [face(height=40.0), face(score=0.7), face(nose=25.0)],
    ids=["too small", "unsure", "turned"],
)
def test_poor_frames_are_not_described(poor: Face) -> None:
    seat = Seat()
    for _ in range(5):
        assert seat.see(OTHER, poor) is None
    assert seat.described == 0


def test_with_few_good_frames_it_says_what_they_say() -> None:
    seat = Seat()
    seat.see(OTHER)
    for _ in range(3):
        seat.see(OTHER, face(score=0.7))
    answer = seat.see(OTHER)
    assert seat.described == 2
    assert answer is not None
    assert answer < 0.1


def test_the_main_face_is_the_large_one_that_stayed() -> None:
    state = AttemptState()
    own, guest = face(left=100.0), face(left=220.0, height=85.0)
    assert identity_check.main_face([guest, own], (320, 240), state) is own
    identity_check.remember(own, (320, 240), state)
    large_guest = face(left=220.0, height=115.0)
    assert identity_check.main_face([large_guest, own], (320, 240), state) is own


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x81\xa7version\x63", dump(AttemptState())])
def test_a_state_that_means_nothing_starts_anew(data: bytes) -> None:
    assert load(data) == AttemptState()
