"""How often a face is found, in pictures as they are and made worse as cameras and people do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from appliance.adapters.vision.faces import Face, FaceDetector
from appliance.adapters.vision.pictures import Picture, Points


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture made worse, and where in it (shares of width and height) the face should be."""

    picture: Picture
    x: float = 0.5
    y: float = 0.5


Change = Callable[[Picture, Points], Copy]
"""Of a picture and the five points of the face in its middle."""


def _plain(change: Callable[[Picture], np.ndarray]) -> Change:
    return lambda picture, _points: Copy(change(picture).astype(np.uint8, copy=False))


def _half_covered(picture: Picture) -> np.ndarray:
    """Grey from the middle down: a scarf, a hand, a mask."""
    covered = picture.copy()
    covered[round(0.54 * picture.shape[0]) :] = 110
    return covered


def _partly_out(picture: Picture, _points: Points) -> Copy:
    """The left two fifths are cut off: a face in the middle loses about a third of its width."""
    return Copy(np.ascontiguousarray(picture[:, round(0.4 * picture.shape[1]) :]), x=1 / 6)


def _glasses(dark: bool) -> Change:
    """Drawn, not worn: black rims of half the distance between the eyes, a bridge and two temples;
    `dark` fills them."""

    def change(picture: Picture, points: Points) -> Copy:
        drawn = picture.copy()
        left, right = points[0], points[1]
        apart = float(np.hypot(*(right - left)))
        across = (right - left) / max(apart, 1.0)
        thick = max(1, round(0.06 * apart))
        black = (20, 20, 20)
        for eye, side in ((left, -1.0), (right, 1.0)):
            centre = (round(float(eye[0])), round(float(eye[1])))
            radius = max(1, round(0.3 * apart))
            cv2.circle(drawn, centre, radius, black, -1 if dark else thick, cv2.LINE_AA)
            rim, ear = eye + side * 0.3 * apart * across, eye + side * 0.75 * apart * across
            cv2.line(drawn, _pixel(rim), _pixel(ear), black, thick, cv2.LINE_AA)
        inner = 0.3 * apart * across
        cv2.line(drawn, _pixel(left + inner), _pixel(right - inner), black, thick, cv2.LINE_AA)
        return Copy(drawn)

    return change


def _pixel(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


COPIES: dict[str, Change] = {
    "as_is": _plain(lambda picture: picture),
    "dim": _plain(lambda picture: picture * 0.18),
    "blurred": _plain(lambda picture: cv2.GaussianBlur(picture, (0, 0), 3.0)),
    "quarter": _plain(
        lambda picture: cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ),
    "half_covered": _plain(_half_covered),
    "partly_out": _partly_out,
    "drawn_glasses": _glasses(dark=False),
    "drawn_dark_glasses": _glasses(dark=True),
}


def recall(pictures: Sequence[Picture], detector: FaceDetector) -> dict[str, float]:
    """Share of pictures, 0..1, in which a face is found where it should be, per kind of copy.

    A picture whose face is not found as it is counts as not found in every copy.
    """
    found = dict.fromkeys(COPIES, 0)
    for picture in pictures:
        height, width = picture.shape[:2]
        central = [f for f in detector.find(picture) if _holds(f, width / 2, height / 2)]
        if not central:
            continue
        for kind, altered in COPIES.items():
            copy = altered(picture, central[0].points)
            x, y = copy.x * copy.picture.shape[1], copy.y * copy.picture.shape[0]
            found[kind] += any(_holds(face, x, y) for face in detector.find(copy.picture))
    return {kind: round(count / len(pictures), 5) for kind, count in found.items()}


def _holds(face: Face, x: float, y: float) -> bool:
    across = face.left <= x <= face.left + face.width
    return bool(across and face.top <= y <= face.top + face.height)
