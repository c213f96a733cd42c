"""A photographed head before another background, and turned: synthetic, for want of photographs.

Turning: the head is taken for an ellipsoid with a nose, its depth in shares of the face's height
from common proportions of heads (breadth 0.84, height 1.3, nose standing out 0.14). Every pixel of
the photograph is turned in three dimensions and drawn again, the nearest last. What the photograph
did not show is drawn out from its edge. Up to some 60 degrees the face detector, its five points
and the mesh take the result for a turned head (`tests/unit/test_turned_heads.py`); hair and ears of
the far side are wrong. It is not a recording of people who look away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.rehearsal.material import Picture

_ACROSS, _UP, _DEEP = 0.42, 0.66, 0.50  # half axes of the head, in heights of the face
_NOSE, _NOSE_AT, _NOSE_WIDE, _NOSE_HIGH = 0.14, 0.08, 0.075, 0.11
_AXIS = 0.05  # a head turns about the neck: so far behind its middle
_FINE = 3  # times the photograph's pixels, so that turning leaves no holes
_COARSE = 4  # times fewer, for what is blurred anyway
_WALL = (150, 146, 138)


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """`centre` (x, y) and `height` of the face, in pixels of the picture."""

    picture: Picture
    centre: tuple[float, float]
    height: float


def alone(photo: Photo) -> Photo:
    """The person before a plain wall: others in a photograph's background are gone."""
    x, y = _grid(photo)
    head = 1.0 - np.hypot(x / 0.56, (y + 0.06) / 0.82)
    # Shoulders widen from the chin downwards.
    body = np.minimum(0.42 + 0.9 * np.clip(y - 0.45, 0.0, 1.0) - np.abs(x), (y - 0.45) * 2.0)
    mask = np.clip(np.maximum(head, body) * 10.0, 0.0, 1.0)[:, :, None]
    picture = mask * photo.picture + (1.0 - mask) * np.array(_WALL)
    return Photo(picture.astype(np.uint8), photo.centre, photo.height)


@lru_cache(maxsize=64)
def turned(photo: Photo, yaw: float, pitch: float = 0.0) -> Photo:
    """The same, with the head turned by `yaw` (the nose to the picture's left when positive) and
    `pitch` (down when negative), in degrees."""
    side, up = np.radians(yaw), np.radians(pitch)
    reach = round(1.1 * photo.height)
    left, top = round(photo.centre[0]) - reach, round(photo.centre[1]) - reach
    padded: Picture = np.pad(photo.picture, ((reach,) * 2, (reach,) * 2, (0, 0)), mode="edge")
    patch = padded[top + reach : top + 3 * reach, left + reach : left + 3 * reach]
    size = 2 * reach * _FINE
    fine = cv2.resize(patch, (size, size), interpolation=cv2.INTER_CUBIC)
    y, x = (np.mgrid[0:size, 0:size] / _FINE - reach) / photo.height
    inside = np.hypot(x / _ACROSS, y / _UP) < 0.98
    x, y = x[inside], y[inside]
    out = np.hypot(x / _ACROSS, y / _UP)
    round_ = _DEEP * np.sqrt(1.0 - out**2)
    # The back of the head has the colours of the photographed one's rim.
    rim = 0.93 / np.maximum(out, 0.05)
    rim_columns = np.clip(((x * rim * photo.height) + reach) * _FINE, 0, size - 1).astype(int)
    rim_rows = np.clip(((y * rim * photo.height) + reach) * _FINE, 0, size - 1).astype(int)
    colours = np.concatenate([fine[rim_rows, rim_columns], fine[inside]])
    z = round_ + _NOSE * np.exp(-((x / _NOSE_WIDE) ** 2) - ((y - _NOSE_AT) / _NOSE_HIGH) ** 2)
    x, y, z = np.tile(x, 2), np.tile(y, 2), np.concatenate([-round_, z]) + _AXIS
    to_side, away = x * np.cos(side) - z * np.sin(side), x * np.sin(side) + z * np.cos(side)
    down, near = y * np.cos(up) - away * np.sin(up), y * np.sin(up) + away * np.cos(up)
    down += _AXIS * np.sin(up)
    order = np.argsort(near)
    columns = np.clip((to_side[order] * photo.height + reach).astype(int), 0, 2 * reach - 1)
    rows = np.clip((down[order] * photo.height + reach).astype(int), 0, 2 * reach - 1)
    head = np.zeros((2 * reach, 2 * reach, 3), np.uint8)
    drawn = np.zeros((2 * reach, 2 * reach), np.uint8)
    head[rows, columns] = colours[order]
    drawn[rows, columns] = 255
    behind = _without_head(patch, reach, photo.height)
    soft = cv2.GaussianBlur(cv2.erode(drawn, np.ones((3, 3), np.uint8)), (0, 0), 1.0)[:, :, None]
    share = soft.astype(np.float64) / 255.0
    place = padded[top + reach : top + 3 * reach, left + reach : left + 3 * reach]
    place[:] = (share * head + (1.0 - share) * behind).astype(np.uint8)
    height, width = photo.picture.shape[:2]
    picture = np.ascontiguousarray(padded[reach : reach + height, reach : reach + width])
    return Photo(picture, photo.centre, photo.height)


def _without_head(patch: Picture, reach: int, height: float) -> NDArray[np.float64]:
    """What lies behind: the patch's own edge colours drawn inwards, blurred."""
    y, x = (np.mgrid[0 : 2 * reach, 0 : 2 * reach] - reach) / height
    head = (np.hypot(x / (_ACROSS * 1.15), y / (_UP * 1.1)) < 1.0).astype(np.uint8)
    kept = np.repeat((1 - head)[:, :, None], 3, axis=2).astype(np.float64)
    size, spread = (2 * reach, 2 * reach), 0.35 * height / _COARSE
    small = (-(-2 * reach // _COARSE),) * 2
    colours = cv2.GaussianBlur(cv2.resize(patch * kept, small), (0, 0), spread)
    share = cv2.GaussianBlur(cv2.resize(kept, small), (0, 0), spread)
    filled = cv2.resize(colours / np.maximum(share, 1e-3), size)
    return np.asarray(kept * patch + (1.0 - kept) * filled, np.float64)


def _grid(photo: Photo) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of every pixel, how far right of and below the face's middle, in heights of the face."""
    height, width = photo.picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    return (x - photo.centre[0]) / photo.height, (y - photo.centre[1]) / photo.height
