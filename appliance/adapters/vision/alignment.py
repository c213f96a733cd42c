"""Turning, scaling and shifting a face so that its five points lie where a network expects them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.pictures import Picture, Points

ARCFACE_112: Points = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)
"""Where the five points lie in a 112 x 112 picture: the template of the ArcFace family."""

DLIB_150: Points = np.array(
    [
        [47.5492, 46.5990],
        [100.4761, 46.5990],
        [74.0127, 76.5625],
        [50.4149, 103.0233],
        [97.6104, 103.0233],
    ],
    np.float32,
)
"""The same for dlib's 150 x 150 chips with its usual padding of a quarter: means of the points of
dlib's average face (`get_face_chip_details`) that make up an eye, the nose tip, mouth corners."""


def similarity_transform(points: Points, template: Points) -> NDArray[np.float64]:
    """The 2 x 3 matrix that lays `points` on `template` with least squared error, without shear
    or mirroring (Umeyama, "Least-squares estimation of transformation parameters between two
    point patterns", 1991).

    With x + iy for a point, turning and scaling is one complex factor, and least squares for a
    single factor has a closed form.
    """
    source, target = _complex(points), _complex(template)
    source_mean, target_mean = source.mean(), target.mean()
    source -= source_mean
    target -= target_mean
    factor = np.vdot(source, target) / max(float(np.vdot(source, source).real), 1e-9)
    shift = target_mean - factor * source_mean
    return np.array(
        [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    )


def _complex(points: Points) -> NDArray[np.complex128]:
    return points[:, 0].astype(np.float64) + 1j * points[:, 1]


def aligned(
    picture: Picture, points: Points, template: Points, side: int, zoom: float = 1.0
) -> Picture:
    """A square of `side` pixels with the face's five points on the template's, the whole then
    scaled by `zoom` about its middle."""
    middle = np.float32(side / 2)
    matrix = similarity_transform(points, (template - middle) * np.float32(zoom) + middle)
    return cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR).astype(
        np.uint8, copy=False
    )


def aligned_grey(
    picture: Picture, points: Points, template: Points, side: int
) -> NDArray[np.uint8]:
    """As `aligned`, in shades of grey: `side` x `side`."""
    square = aligned(picture, points, template, side)
    return cv2.cvtColor(square, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
