"""What a simulated camera sees: a person in front of it, and what is staged when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from appliance.rehearsal.material import Person, Picture, scaled

FACE_HEIGHT = 110  # pixels, of a picture 240 high: a candidate at an arm's length
_GUEST_HEIGHT = 84  # someone leaning in from behind


class SceneKind(StrEnum):
    """What is going on in front of the camera or the microphone."""

    USUAL = "usual"
    NOBODY = "nobody"
    SECOND_PERSON = "second_person"
    OTHER_PERSON = "other_person"
    COVERED = "covered"
    DIM = "dim"
    FROZEN = "frozen"
    CONVERSATION = "conversation"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Scene:
    """`kind` from `start_s` (included) to `end_s` (excluded) of the candidate's recording."""

    kind: SceneKind
    start_s: float
    end_s: float


def kind_at(scenes: Sequence[Scene], at_s: float) -> SceneKind:
    """The first scene that covers the moment; else the usual one."""
    for scene in scenes:
        if scene.start_s <= at_s < scene.end_s:
            return scene.kind
    return SceneKind.USUAL


class Camera:
    """Pictures as a function of time; deterministic, so a rehearsal can be repeated.

    `size` is width and height in pixels; faces scale with the height.
    """

    def __init__(
        self,
        person: Person,
        other: Person,
        scenes: Sequence[Scene] = (),
        size: tuple[int, int] = (320, 240),
    ) -> None:
        self._person, self._other = person, other
        self._scenes = tuple(scenes)
        self._size = size
        self._noise = np.random.default_rng(7).normal(0.0, 2.0, (4, size[1], size[0], 1))

    def picture(self, at_s: float) -> Picture:
        kind = kind_at(self._scenes, at_s)
        if kind is SceneKind.FROZEN:
            # Not even the sensor's noise changes: the picture of the moment it froze.
            at_s = next(s.start_s for s in self._scenes if s.start_s <= at_s < s.end_s)
        bare = self._bare(kind, at_s)
        light = 0.25 if kind is SceneKind.DIM else 1.0 + 0.06 * np.sin(at_s / 3.0)
        noise = self._noise[int(at_s * 10) % len(self._noise)]
        seen: Picture = np.clip(bare * light + noise, 0, 255).astype(np.uint8)
        return seen

    def _bare(self, kind: SceneKind, at_s: float) -> Picture:
        width, height = self._size
        if kind is SceneKind.NOBODY:
            return _empty_seat(width, height)
        if kind is SceneKind.COVERED:
            return np.full((height, width, 3), 9, np.uint8)
        person = self._other if kind is SceneKind.OTHER_PERSON else self._person
        picture = _window(person, self._size, at_s)
        if kind is SceneKind.SECOND_PERSON:
            picture = picture.copy()
            _paste_head(picture, self._other, at_s)
        return picture


def _window(person: Person, size: tuple[int, int], at_s: float) -> Picture:
    """The photograph around the face, drifting as a person does who sits and reads."""
    width, height = size
    photo, (x, y) = _padded(person, width, height)
    left = x - width // 2 + round(12 * np.sin(at_s * 0.7) + 3 * np.sin(at_s * 2.3))
    top = y - round(height * 0.45) + round(5 * np.sin(at_s * 0.9 + 1.0))
    return photo[top : top + height, left : left + width]


@cache
def _padded(person: Person, width: int, height: int) -> tuple[Picture, tuple[int, int]]:
    """The photograph with its edges drawn out, so that no window falls off it."""
    photo, (x, y) = scaled(person, round(FACE_HEIGHT * height / 240))
    padded = np.pad(photo, ((height, height), (width, width), (0, 0)), mode="edge")
    return padded, (x + width, y + height)


@cache
def _empty_seat(width: int, height: int) -> Picture:
    """A wall with a window and the back of a chair: plain shapes, nothing like a face."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    picture = np.stack([180 - 40 * y, 175 - 45 * y, 160 - 40 * y], axis=2)
    picture[(x > 0.1) & (x < 0.45) & (y > 0.08) & (y < 0.5)] = (205, 220, 230)
    picture[(x > 0.26) & (x < 0.285) & (y > 0.08) & (y < 0.5)] = (120, 110, 100)
    picture[(x > 0.5) & (x < 1.0) & (y > 0.62)] = (96, 70, 52)
    picture[(x > 0.56) & (x < 0.94) & (y > 0.68) & (y < 0.74)] = (150, 140, 120)
    seat: Picture = np.clip(picture, 0, 255).astype(np.uint8)
    return seat


def _paste_head(picture: Picture, person: Person, at_s: float) -> None:
    """A second head at the side, with a soft edge."""
    height, width = picture.shape[:2]
    head, mask = _head(person, round(_GUEST_HEIGHT * height / 240))
    rows, columns = mask.shape[:2]
    left = width - columns - 2 + round(2 * np.sin(at_s * 1.3) - 2)
    top = round(height * 0.08) + round(2 * np.sin(at_s * 1.1))
    place = picture[top : top + rows, left : left + columns]
    place[:] = (mask * head + (1.0 - mask) * place).astype(np.uint8)


@cache
def _head(person: Person, face_height: int) -> tuple[Picture, NDArray[np.float32]]:
    photo, (x, y) = scaled(person, face_height)
    half_width, half_height = round(face_height * 0.52), round(face_height * 0.78)
    padded = np.pad(photo, ((half_height,) * 2, (half_width,) * 2, (0, 0)), mode="edge")
    head = padded[y : y + 2 * half_height, x : x + 2 * half_width]
    v, u = np.mgrid[-1 : 1 : head.shape[0] * 1j, -1 : 1 : head.shape[1] * 1j]
    mask = np.clip((1.0 - np.hypot(u, v)) * 8.0, 0.0, 1.0).astype(np.float32)
    return head, mask[:, :, None]
