"""The synthetic turned heads are taken for turned heads by the detector and by its five points."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.adapters.vision import weights
from appliance.adapters.vision.faces import FaceDetector
from appliance.adapters.vision.head_pose import yaw_from_points
from tests.support.seat_footage import people
from tests.support.turned_heads import Photo, alone, turned


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(weights.load_bytes("yunet"))


def _yaw(detector: FaceDetector, photo: Photo) -> float:
    (face, *_) = detector.find(np.ascontiguousarray(photo.picture[..., ::-1]))
    return yaw_from_points(face.points)


@pytest.mark.parametrize("degrees", [-45.0, 45.0])
def test_a_head_is_turned_to_the_side_it_should_be(detector: FaceDetector, degrees: float) -> None:
    photo = people()[3]
    by = _yaw(detector, turned(photo, degrees)) - _yaw(detector, photo)
    assert 10.0 < by * np.sign(degrees) < 60.0


def test_cutting_out_keeps_the_face_and_drops_the_background(detector: FaceDetector) -> None:
    photo = people()[3]
    cut = alone(photo)
    assert abs(_yaw(detector, cut) - _yaw(detector, photo)) < 6.0
    assert (cut.picture[:20, :20] == cut.picture[0, 0]).all()
