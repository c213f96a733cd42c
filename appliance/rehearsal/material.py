"""What simulated candidates look and sound like: public-domain photographs, synthesised sound.

Installed by `hallvakt models install --rehearsal`, never part of the repository. Footage made
from it is staged: it shows that the parts work together, not how well they do in a real hall.
"""

from __future__ import annotations

import os
import sys
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from appliance.core.errors import WrongConfiguration

Picture = NDArray[np.uint8]
"""Height x width x 3, red-green-blue."""

Samples = NDArray[np.int16]
"""Mono, `SOUND_RATE` per second."""

SOUND_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Person:
    """A photograph and where the face is in it, in pixels of the photograph."""

    photo: str
    face_centre: tuple[int, int]
    face_height: int


ASTRONAUT = Person("astronaut.png", (224, 115), 114)
PRESIDENT = Person("obama.jpg", (494, 248), 320)
PRESIDENT_AGAIN = Person("obama2.jpg", (338, 443), 369)
PRESIDENT_THIRD = Person("obama3.jpg", (779, 435), 356)
VICE_PRESIDENT = Person("biden.jpg", (573, 366), 393)

PEOPLE = (ASTRONAUT, PRESIDENT, VICE_PRESIDENT)
"""Three different persons."""


def directory() -> Path:
    """`HALLVAKT_REHEARSAL`, else share/hallvakt/rehearsal of this installation."""
    if chosen := os.environ.get("HALLVAKT_REHEARSAL"):
        return Path(chosen)
    return Path(sys.prefix) / "share" / "hallvakt" / "rehearsal"


@cache
def scaled(person: Person, face_height: int) -> tuple[Picture, tuple[int, int]]:
    """The photograph reduced until the face is `face_height` pixels high, and the face's centre."""
    scale = face_height / person.face_height
    frame = _frame(person.photo)
    width, height = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    picture: Picture = small.to_ndarray()
    x, y = person.face_centre
    return picture, (round(x * scale), round(y * scale))


@cache
def sound(name: str) -> Samples:
    """A recording by its name without ending: `conversation`, `speech`, `noise`, `quiet`."""
    path = _existing(f"{name}.wav")
    with wave.open(str(path), "rb") as recording:
        if (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) != (
            SOUND_RATE,
            1,
            2,
        ):
            raise WrongConfiguration(f"{path} is not 48 kHz, mono, 16 bit: install it again.")
        return np.frombuffer(recording.readframes(recording.getnframes()), "<i2").astype(np.int16)


def _frame(photo: str) -> Any:
    with av.open(str(_existing(photo))) as container:
        return next(container.decode(video=0))


def _existing(name: str) -> Path:
    path = directory() / name
    if not path.is_file():
        raise WrongConfiguration(
            f"The rehearsal material {path} is missing: run `hallvakt models install --rehearsal`.",
            code="rehearsal-missing",
        )
    return path
