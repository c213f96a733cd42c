"""Faces in a picture: where they are, five points each, and how sure the detector is.

YuNet (Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023). The network has
three heads of anchor-free cells, 8, 16 and 32 pixels wide. Each cell gives a class and an
object-ness score, a box and five points relative to the cell; the score of a face is the
geometric mean of the first two. The decoding follows the authors' libfacedetection.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.inference import open_model
from appliance.adapters.vision.pictures import Picture, Points

LEAST_SCORE = 0.6  # the authors' default; counting a second person asks for more (core rules)
MOST_OVERLAP = 0.3  # intersection over union above which two boxes are one face
DETECT_WITHIN = (320, 240)  # larger pictures are reduced to this first, for detection only
GLANCE_WITHIN = (128, 96)  # a quarter of the cost; faces under some 30 of 240 lines may be missed

_CLOSE_SIDE = 128  # pixels of the square in which one known face is looked at closely,
_CLOSEST_SIDE = 192  # and of a portrait's
_CLOSE_SHARE = 0.6  # of that square which the face's longer side is to fill

_STRIDES = (8, 16, 32)
_GRAIN = 32  # both sides of the input must be multiples of the widest cell
_MIRRORED_ORDER = [1, 0, 2, 4, 3]  # of the five points, when left and right change places
_OUTPUTS = [f"{head}_{stride}" for head in ("cls", "obj", "bbox", "kps") for stride in _STRIDES]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Face:
    """`left`, `top`, `width`, `height` and `points` in pixels of the picture that was searched.

    `points` is 5 x 2: the eye, nose, mouth corners in the order left eye, right eye, nose tip,
    left corner, right corner, as seen in the picture.
    """

    left: float
    top: float
    width: float
    height: float
    points: Points
    score: float

    @property
    def area(self) -> float:
        return self.width * self.height


class FaceDetector:
    """Stateless apart from the loaded network; not for use from several threads."""

    def __init__(self, model: bytes) -> None:
        self._session = open_model(model)

    def find(self, picture: Picture, within: tuple[int, int] = DETECT_WITHIN) -> list[Face]:
        """All faces scoring at least `LEAST_SCORE`, best first. `within`: see `DETECT_WITHIN`."""
        height, width = picture.shape[:2]
        scale = min(1.0, within[0] / width, within[1] / height)
        if scale < 1.0:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            # Area averaging keeps small faces whole; a glance is not after those, and cheaper so.
            how = cv2.INTER_AREA if within is DETECT_WITHIN else cv2.INTER_LINEAR
            picture = cv2.resize(picture, size, interpolation=how).astype(np.uint8, copy=False)
        rows = _keep_best(_decode(self._run(picture), _padded_width(picture)))
        rows[:, :14] /= scale
        return [_face(row) for row in rows]

    def close_points(self, picture: Picture, face: Face, *, thorough: bool = False) -> Points:
        """The face's five points, found again up close; `face.points` when there is none there.

        `thorough`, for a portrait: closer still, and averaged with those of the mirror image. The
        network errs to one side in each, so that part of it cancels out.
        """
        side = _CLOSEST_SIDE if thorough else _CLOSE_SIDE
        matrix = _close_view(face, side)
        close = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR).astype(
            np.uint8, copy=False
        )
        found = self._central_points(close)
        if found is None:
            return face.points
        if thorough:
            mirrored = self._central_points(np.ascontiguousarray(close[:, ::-1]))
            if mirrored is not None:
                back = mirrored[_MIRRORED_ORDER]
                back[:, 0] = side - 1 - back[:, 0]
                found = np.asarray((found + back) / 2, np.float32)
        return np.asarray((found - matrix[:, 2]) / matrix[0, 0], np.float32)

    def _central_points(self, close: Picture) -> Points | None:
        side = int(close.shape[1])
        faces = _keep_best(_decode(self._run(close), side))
        if not len(faces):
            return None
        off_centre = np.abs(faces[:, :2] + faces[:, 2:4] / 2 - side / 2)
        nearest = int(np.argmin(off_centre.sum(axis=1)))
        if off_centre[nearest].max() > side / 4:
            return None
        return np.asarray(faces[nearest, 4:14].reshape(5, 2), np.float32)

    def _run(self, picture: Picture) -> dict[str, NDArray[np.float32]]:
        height, width = picture.shape[:2]
        below, right = -height % _GRAIN, -width % _GRAIN
        if below or right:
            # Zeros to the right and below leave every coordinate as it is.
            picture = cv2.copyMakeBorder(  # type: ignore[assignment]
                picture, 0, below, 0, right, cv2.BORDER_CONSTANT
            )
        planes = cv2.dnn.blobFromImage(picture)
        return dict(zip(_OUTPUTS, self._session.run(_OUTPUTS, {"input": planes}), strict=True))


def _close_view(face: Face, side: int) -> NDArray[np.float64]:
    """2 x 3: scales and shifts so that the face lies in the middle of the square."""
    scale = _CLOSE_SHARE * side / max(face.width, face.height, 1.0)
    middle = side / 2
    return np.array(
        [
            [scale, 0.0, middle - scale * (face.left + face.width / 2)],
            [0.0, scale, middle - scale * (face.top + face.height / 2)],
        ]
    )


def _padded_width(picture: Picture) -> int:
    return -(-int(picture.shape[1]) // _GRAIN) * _GRAIN


def _decode(out: dict[str, NDArray[np.float32]], padded_width: int) -> NDArray[np.float32]:
    """n x 15: left, top, width, height, five times x and y, score."""
    found = []
    for stride in _STRIDES:
        classes, objects = out[f"cls_{stride}"][0, :, 0], out[f"obj_{stride}"][0, :, 0]
        # Both are probabilities, a hair beyond 0 and 1 at most: most cells go by their product.
        cells = np.flatnonzero(classes * objects >= LEAST_SCORE**2)
        if not cells.size:
            continue
        scores = np.sqrt(np.clip(classes[cells], 0.0, 1.0) * np.clip(objects[cells], 0.0, 1.0))
        row, column = np.divmod(cells, padded_width // stride)
        corner = np.stack([column, row], axis=1)
        boxes = out[f"bbox_{stride}"][0, cells]
        points = out[f"kps_{stride}"][0, cells].reshape(-1, 5, 2)
        centre = (corner + boxes[:, :2]) * stride
        size = np.exp(boxes[:, 2:]) * stride
        points = (points + corner[:, None, :]) * stride
        found.append(
            np.concatenate(
                [centre - size / 2, size, points.reshape(-1, 10), scores[:, None]], axis=1
            )
        )
    if not found:
        return np.zeros((0, 15), np.float32)
    return np.concatenate(found).astype(np.float32)


def _keep_best(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of boxes that overlap, the best: greedy non-maximum suppression, best first."""
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    kept: list[int] = []
    for index, row in enumerate(rows):
        if all(overlap(row[:4], rows[other][:4]) <= MOST_OVERLAP for other in kept):
            kept.append(index)
    return rows[kept]


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Intersection over union of two boxes (left, top, width, height), 0..1."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = float(across * down)
    return shared / (float(one[2] * one[3]) + float(other[2] * other[3]) - shared)


def _face(row: NDArray[np.float32]) -> Face:
    left, top, width, height = (float(value) for value in row[:4])
    return Face(
        left=left,
        top=top,
        width=width,
        height=height,
        points=row[4:14].reshape(5, 2).copy(),
        score=float(row[14]),
    )
