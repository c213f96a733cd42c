"""What is left to see and to hear in a video that was blanked."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


def pictures(media: bytes) -> list[tuple[float, NDArray[np.uint8]]]:
    """(seconds, grey picture) of every frame."""
    with _opened(media) as opened:
        return [
            (float(frame.time), frame.to_ndarray(format="gray")) for frame in opened.decode(video=0)
        ]


def brightness(media: bytes) -> list[int]:
    """The brightest pixel of each frame: 0 is a black frame."""
    found = pictures(media)
    assert all(one[0] < two[0] for one, two in pairwise(found))
    return [int(picture.max()) for _, picture in found]


def loudness(media: bytes, *, step_s: float = 0.1) -> list[tuple[float, int]]:
    """(seconds, loudest sample of this step), 48 kHz."""
    with _opened(media) as opened:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        pieces = [
            piece.to_ndarray().reshape(-1)
            for frame in opened.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
    sound = np.concatenate(pieces)
    step = round(48_000 * step_s)
    return [
        (start / 48_000, int(np.abs(sound[start : start + step].astype(np.int32)).max()))
        for start in range(0, len(sound), step)
    ]


def _opened(media: bytes) -> Any:
    return av.open(io.BytesIO(media))
