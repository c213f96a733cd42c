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
    point patterns", 1991, equations 38-43)."""
    source = points.astype(np.float64)
    target = template.astype(np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    source -= source_mean
    target -= target_mean
    left, strengths, right = np.linalg.svd(target.T @ source / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left @ np.diag(signs) @ right
    variance = max(float((source**2).sum()) / len(source), 1e-9)
    scaled = rotation * (float((strengths * signs).sum()) / variance)
    shift = target_mean - scaled @ source_mean
    return np.hstack([scaled, shift[:, None]])


def aligned(picture: Picture, points: Points, template: Points, side: int) -> Picture:
    """A square of `side` pixels with the face's five points on the template's."""
    matrix = similarity_transform(points, template)
    return cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR).astype(
        np.uint8, copy=False
    )
