"""Describing a face by a vector, and saying how alike two such vectors are.

Only ever one to one, against the seat's own portrait: nothing here searches among people.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.alignment import ARCFACE_112, DLIB_150, aligned
from appliance.adapters.vision.inference import open_model
from appliance.adapters.vision.pictures import Picture, Points
from appliance.core.errors import BadInput
from appliance.core.settings import Descriptor

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a cosine becomes log-odds: slope * (cosine - threshold); similarity is their logistic.

    `threshold` is the cosine at which one in a thousand pairs of different persons is taken for
    the same, `slope` lays the median pair of the same person at a similarity of 0.95. Measured on
    folds 1 and 2 of LFW (1,583 pictures): one portrait against the mean of three other pictures,
    566 pairs of the same person (96 persons), 892,120 of different ones. There dlib accepts
    98.4 % of the first, mobilefacenet 99.6 %, both together 99.8 % (`hallvakt models evaluate`).
    """

    threshold: float
    slope: float


CALIBRATION = {
    Descriptor.DLIB: Calibration(threshold=0.9375, slope=87.0),
    Descriptor.MOBILEFACENET: Calibration(threshold=0.474, slope=8.3),
}
# With `both`, mobilefacenet's log-odds count three times as much as dlib's: of the shares tried on
# those folds the one with the best accuracy. Together they are surer than either, hence the offset.
_SHARE = {Descriptor.DLIB: 0.25, Descriptor.MOBILEFACENET: 0.75}
_BOTH_OFFSET = 0.268
_PORTRAIT_ZOOMS = (1.0, 0.95, 1.05)
LENGTHS = {Descriptor.DLIB: 128, Descriptor.MOBILEFACENET: 192}


def parts(descriptor: Descriptor) -> tuple[Descriptor, ...]:
    """The single descriptors that make up a setting."""
    if descriptor is Descriptor.BOTH:
        return (Descriptor.DLIB, Descriptor.MOBILEFACENET)
    return (descriptor,)


class _FaceDescriptor(ABC):
    """A network over aligned pictures of a face; `_TEMPLATE` and `_SIDE` say how aligned."""

    _TEMPLATE: Points
    _SIDE: int

    def __init__(self, model: bytes) -> None:
        self._session = open_model(model)

    def describe(self, picture: Picture, points: Points) -> Vector:
        """One vector of length 1."""
        return self._vectors([aligned(picture, points, self._TEMPLATE, self._SIDE)])[0]

    def describe_thoroughly(self, picture: Picture, points: Points) -> Vector:
        """The mean of several views: a little nearer, a little farther, and mirrored."""
        views = [
            aligned(picture, points, self._TEMPLATE, self._SIDE, zoom) for zoom in _PORTRAIT_ZOOMS
        ]
        return unit(np.mean(self._vectors([*views, *(view[:, ::-1] for view in views)]), axis=0))

    def _vectors(self, chips: Sequence[Picture]) -> list[Vector]:
        (vectors,) = self._session.run(None, {"input": self._input(np.stack(chips)[..., ::-1])})
        return [unit(vector) for vector in vectors]

    @abstractmethod
    def _input(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`chips`: n x side x side x 3, red-green-blue."""


class DlibDescriptor(_FaceDescriptor):
    """dlib's ResNet, 128 numbers; 150 x 150, red-green-blue, 0..255."""

    _TEMPLATE, _SIDE = DLIB_150, 150

    def _input(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        return chips.transpose(0, 3, 1, 2).astype(np.float32)


class MobileFaceNetDescriptor(_FaceDescriptor):
    """MobileFaceNet, 192 numbers; 112 x 112, red-green-blue, about -1..1."""

    _TEMPLATE, _SIDE = ARCFACE_112, 112

    def _input(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.ascontiguousarray((chips.astype(np.float32) - 127.5) / 127.5)


def unit(vector: Vector) -> Vector:
    """The vector at length 1, so that a dot product is a cosine."""
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def to_bytes(vector: Vector) -> bytes:
    """Little-endian float32, the form in which a descriptor is sealed and sent."""
    return vector.astype("<f4").tobytes()


def from_bytes(data: bytes, descriptor: Descriptor) -> Vector:
    """Raise BadInput when the length is not that of `descriptor`."""
    expected = sum(LENGTHS[part] for part in parts(descriptor))
    if len(data) != 4 * expected:
        raise BadInput(
            "The stored face descriptor does not fit the exam's descriptor setting: "
            "take the candidate's photo again.",
            code="wrong-descriptor",
        )
    return np.frombuffer(data, "<f4").astype(np.float32)


def similarity(reference: Vector, seen: list[Vector], descriptor: Descriptor) -> float:
    """0..1 between the reference and the mean of `seen` (at least one vector).

    0.5 is the descriptor's decision threshold, at one false acceptance in a thousand. With `both`
    the mean of the two parts' log-odds is taken, each with its share.
    """
    mean = np.mean(seen, axis=0).astype(np.float32)
    odds = float(log_odds(reference, mean, descriptor))
    return float(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))


def log_odds(one: Vector, other: Vector, descriptor: Descriptor) -> Vector:
    """Calibrated score of two vectors, 0 at the decision; n x m of n and of m stacked ones."""
    scores, shares = [], []
    start = 0
    for part in parts(descriptor):
        of_part = slice(start, start + LENGTHS[part])
        cosines = _units(one[..., of_part]) @ _units(other[..., of_part]).T
        calibration = CALIBRATION[part]
        scores.append(calibration.slope * (cosines - calibration.threshold))
        shares.append(_SHARE[part])
        start += LENGTHS[part]
    offset = _BOTH_OFFSET if len(scores) > 1 else 0.0
    return np.asarray(np.average(scores, axis=0, weights=shares) + offset, np.float32)


def _units(vectors: Vector) -> Vector:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
