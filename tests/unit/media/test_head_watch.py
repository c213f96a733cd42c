from __future__ import annotations

import numpy as np
import pytest

from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.head_pose import HeadPose, pose_from_mesh, yaw_from_points
from appliance.processes.analysis import head_watch
from appliance.processes.analysis.attempt_state import AttemptState


def face(yaw: float) -> Face:
    """A face whose five points say `yaw` degrees."""
    offset = -24.0 * np.tan(np.radians(yaw))
    points = np.array([[30, 40], [70, 40], [50 + offset, 60], [35, 80], [65, 80]], np.float32)
    return Face(left=0, top=0, width=100, height=100, points=points, score=0.9)


class Watch:
    def __init__(self) -> None:
        self.state = AttemptState()
        self.now_s = 0.0
        self.ran = 0

    def see(self, yaw: float, pitch: float = 0.0) -> tuple[float, float | None]:
        self.now_s += 2.0

        def mesh() -> HeadPose | None:
            self.ran += 1
            return HeadPose(yaw, pitch)

        return head_watch.look(face(yaw), self.now_s, self.state, mesh)

    def learn(self) -> None:
        for _ in range(40):
            self.see(0.0)
        self.ran = 0


@pytest.mark.parametrize("degrees", [-40.0, -10.0, 0.0, 25.0])
def test_five_points_give_the_turn(degrees: float) -> None:
    assert yaw_from_points(face(degrees).points) == pytest.approx(degrees, abs=0.1)


def test_points_and_mesh_agree_on_which_side_is_which() -> None:
    """The right eye nearer means that the nose is to the left of the picture's middle."""
    assert yaw_from_points(face(20.0).points) > 0
    mesh = np.zeros((468, 3), np.float32)
    mesh[33], mesh[263] = (60, 90, 20), (130, 90, -20)
    mesh[10], mesh[152] = (95, 30, 0), (95, 160, 0)
    assert pose_from_mesh(mesh).yaw > 20
    assert face(20.0).points[2, 0] < 50.0


def test_tilting_the_head_is_not_turning_it() -> None:
    angle = np.radians(20)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = (face(0.0).points @ rotation.T).astype(np.float32)
    assert yaw_from_points(tilted) == pytest.approx(0.0, abs=0.1)


def test_a_still_head_seldom_needs_the_mesh() -> None:
    watch = Watch()
    watch.learn()
    for _ in range(30):
        yaw, _ = watch.see(1.0)
        assert yaw == pytest.approx(1.0, abs=0.1)
    assert watch.ran == 6  # every ten seconds, for the nod


def test_a_turned_head_is_measured_in_every_frame() -> None:
    watch = Watch()
    watch.learn()
    for _ in range(10):
        assert watch.see(35.0) == pytest.approx((35.0, 0.0))
    assert watch.ran == 10


def test_a_nod_keeps_the_mesh_on_once_it_was_seen() -> None:
    watch = Watch()
    watch.learn()
    pitches = [watch.see(0.0, -25.0)[1] for _ in range(10)]
    first = next(index for index, pitch in enumerate(pitches) if pitch is not None)
    assert first * 2.0 <= 10.0
    assert all(pitch == -25.0 for pitch in pitches[first:])


def test_someone_who_sits_askew_is_learnt() -> None:
    watch = Watch()
    for _ in range(30):
        watch.see(18.0)
    watch.ran = 0
    for _ in range(30):
        watch.see(18.0)
    assert watch.ran == 6


def test_the_axes_of_an_upright_mesh_are_level() -> None:
    mesh = np.zeros((468, 3), np.float32)
    mesh[33], mesh[263] = (60, 90, 0), (130, 90, 0)
    mesh[10], mesh[152] = (95, 30, 0), (95, 160, 0)
    pose = pose_from_mesh(mesh)
    assert pose.yaw == pytest.approx(0.0, abs=0.01)
    assert pose.pitch == pytest.approx(-3.0, abs=0.01)  # the offset of the fit
    mesh[263, 2] = -40  # the right of the picture nearer
    assert pose_from_mesh(mesh).yaw > 25
