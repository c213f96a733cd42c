from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.adapters.vision import descriptors, faces
from appliance.adapters.vision.alignment import (
    ARCFACE_112,
    DLIB_150,
    aligned,
    similarity_transform,
)
from appliance.adapters.vision.descriptors import CALIBRATION, similarity, unit
from appliance.core.errors import BadInput
from appliance.core.settings import Descriptor


@given(st.floats(-180, 180), st.floats(0.2, 5.0), st.floats(-300, 300), st.floats(-300, 300))
def test_the_transform_undoes_any_turn_scale_and_shift(
    degrees: float, scale: float, x: float, y: float
) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (scale * ARCFACE_112 @ turn.T + np.array([x, y])).astype(np.float32)
    matrix = similarity_transform(moved, ARCFACE_112)
    back = np.hstack([moved, np.ones((5, 1))]) @ matrix.T
    assert np.abs(back - ARCFACE_112).max() < 0.05


def test_points_on_one_spot_do_no_harm() -> None:
    matrix = similarity_transform(np.zeros((5, 2), np.float32), ARCFACE_112)
    assert np.isfinite(matrix).all()


def test_an_aligned_picture_has_its_points_on_the_template() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    points = (DLIB_150 * 0.5 + np.array([40, 30])).astype(np.float32)
    for x, y in points.round().astype(int):
        picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    chip = aligned(picture, points, DLIB_150, 150)
    assert chip.shape == (150, 150, 3)
    for x, y in DLIB_150.round().astype(int):
        assert chip[y, x].min() > 100


def test_overlap_of_boxes() -> None:
    box = np.array([0, 0, 10, 10], np.float32)
    assert faces.overlap(box, box) == pytest.approx(1.0)
    assert faces.overlap(box, np.array([5, 0, 10, 10], np.float32)) == pytest.approx(1 / 3)
    assert faces.overlap(box, np.array([20, 0, 10, 10], np.float32)) == 0.0
    assert faces.overlap(box, np.array([0, 0, 0, 0], np.float32)) == 0.0


def test_of_two_boxes_on_one_face_the_surer_is_kept() -> None:
    rows = np.zeros((3, 15), np.float32)
    rows[:, :4] = [[0, 0, 10, 10], [1, 1, 10, 10], [50, 0, 10, 10]]
    rows[:, 14] = [0.7, 0.9, 0.8]
    kept = faces._keep_best(rows)
    assert kept[:, 14].tolist() == pytest.approx([0.9, 0.8])


def vector_at(cosine: float, reference: descriptors.Vector) -> descriptors.Vector:
    other = np.zeros_like(reference)
    other[1] = 1.0
    return unit(cosine * reference + np.sqrt(1 - cosine**2) * other)


@pytest.mark.parametrize("descriptor", [Descriptor.DLIB, Descriptor.MOBILEFACENET])
def test_the_decision_is_at_one_half(descriptor: Descriptor) -> None:
    reference = np.zeros(descriptors.LENGTHS[descriptor], np.float32)
    reference[0] = 1.0
    threshold = CALIBRATION[descriptor].threshold
    at, above, below = (
        similarity(reference, [vector_at(threshold + step, reference)], descriptor)
        for step in (0.0, 0.02, -0.02)
    )
    assert at == pytest.approx(0.5, abs=0.01)
    assert below < at < above


def test_several_frames_count_by_their_mean() -> None:
    reference = np.zeros(192, np.float32)
    reference[0] = 1.0
    clear, poor = vector_at(0.9, reference), vector_at(0.2, reference)
    one = similarity(reference, [poor], Descriptor.MOBILEFACENET)
    three = similarity(reference, [poor, clear, clear], Descriptor.MOBILEFACENET)
    assert one < 0.5 < three


def test_both_needs_both_parts() -> None:
    rng = np.random.default_rng(5)
    dlib, mobile = (unit(rng.normal(size=n).astype(np.float32)) for n in (128, 192))
    own = np.concatenate([dlib, mobile])
    assert similarity(own, [own], Descriptor.BOTH) > 0.95
    stranger = np.concatenate([unit(rng.normal(size=n).astype(np.float32)) for n in (128, 192)])
    assert similarity(own, [stranger], Descriptor.BOTH) < 0.05


@pytest.mark.parametrize("descriptor", list(Descriptor))
def test_bytes_of_another_descriptor_are_refused(descriptor: Descriptor) -> None:
    length = sum(descriptors.LENGTHS[part] for part in descriptors.parts(descriptor))
    vector = np.arange(length, dtype=np.float32)
    data = descriptors.to_bytes(vector)
    assert np.array_equal(descriptors.from_bytes(data, descriptor), vector)
    with pytest.raises(BadInput):
        descriptors.from_bytes(data[:-4], descriptor)
