"""How often a face is found, in pictures as they are and made worse in ways cameras do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from appliance.adapters.vision.faces import Face, FaceDetector
from appliance.adapters.vision.pictures import Picture


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture made worse, and where in it (shares of width and height) the face should be."""

    picture: Picture
    x: float = 0.5
    y: float = 0.5


def _plain(change: Callable[[Picture], np.ndarray]) -> Callable[[Picture], Copy]:
    return lambda picture: Copy(change(picture).astype(np.uint8, copy=False))


def _half_covered(picture: Picture) -> np.ndarray:
    """Grey from the middle down: a scarf, a hand, a mask."""
    covered = picture.copy()
    covered[round(0.54 * picture.shape[0]) :] = 110
    return covered


def _partly_out(picture: Picture) -> Copy:
    """The left two fifths are cut off: a face in the middle loses about a third of its width."""
    return Copy(np.ascontiguousarray(picture[:, round(0.4 * picture.shape[1]) :]), x=1 / 6)


COPIES: dict[str, Callable[[Picture], Copy]] = {
    "as_is": _plain(lambda picture: picture),
    "dim": _plain(lambda picture: picture * 0.18),
    "blurred": _plain(lambda picture: cv2.GaussianBlur(picture, (0, 0), 3.0)),
    "quarter": _plain(
        lambda picture: cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ),
    "half_covered": _plain(_half_covered),
    "partly_out": _partly_out,
}


def recall(pictures: Sequence[Picture], detector: FaceDetector) -> dict[str, float]:
    """Share of pictures, 0..1, in which a face is found where it should be, per kind of copy."""
    found = dict.fromkeys(COPIES, 0)
    for picture in pictures:
        for kind, altered in COPIES.items():
            copy = altered(picture)
            x, y = copy.x * copy.picture.shape[1], copy.y * copy.picture.shape[0]
            found[kind] += any(_holds(face, x, y) for face in detector.find(copy.picture))
    return {kind: round(count / len(pictures), 5) for kind, count in found.items()}


def _holds(face: Face, x: float, y: float) -> bool:
    across = face.left <= x <= face.left + face.width
    return bool(across and face.top <= y <= face.top + face.height)
