"""Numbers drawn into pictures, so that a recording tells which camera pictures it holds.

A row of twelve black or white fields along the lower edge, the lowest bit first. They survive
scaling and a lossy codec because each field is read by its mean.
"""

from __future__ import annotations

import io
from itertools import pairwise

import av
import numpy as np
from numpy.typing import NDArray

BITS = 12
_FIELD = 24  # pixels high at 480
_WHITE = 235


def draw_number(picture: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """A copy of `picture` (height x width x 3) with `number` along its lower edge."""
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    top = height - height * _FIELD // 480
    for bit in range(BITS):
        shade = _WHITE if number >> bit & 1 else 0
        drawn[top:, bit * width // BITS : (bit + 1) * width // BITS] = shade
    return drawn


def read_number(luma: NDArray[np.uint8]) -> int:
    """The number in a picture's luma plane (height x width)."""
    height, width = luma.shape
    top = height - height * _FIELD // 480
    strip = luma[top + 2 : height - 1]
    edges = [bit * width // BITS for bit in range(BITS + 1)]
    means = [strip[:, a + 3 : b - 3].mean() for a, b in pairwise(edges)]
    return sum(1 << bit for bit, mean in enumerate(means) if mean > _WHITE / 2)


def numbers_in(webm: bytes) -> list[tuple[float, int]]:
    """(seconds from the start of the file, number drawn) of every picture of a recording."""
    with av.open(io.BytesIO(webm), "r") as container:
        return [
            (float(frame.time or 0.0), read_number(np.asarray(frame.to_ndarray(format="gray"))))
            for frame in container.decode(video=0)
        ]
