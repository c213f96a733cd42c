"""A picture as sixel: bands of six lines, each colour's dots in turn (DEC STD 070)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

_COLOURS = 64
_BITS = np.array([1, 2, 4, 8, 16, 32], dtype=np.uint8)[:, None]


def encode(image: Image.Image) -> str:
    """`image`, dot for dot, as one device control string. Its height should be a multiple of 6."""
    few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    dots = np.asarray(few)
    height, width = dots.shape
    palette = few.getpalette() or []
    out = [f'\x1bP0;1;0q"1;1;{width};{height}']
    for colour in np.unique(dots):
        red, green, blue = palette[3 * colour : 3 * colour + 3]
        out.append(f"#{colour};2;{_percent(red)};{_percent(green)};{_percent(blue)}")
    for top in range(0, height, 6):
        band = dots[top : top + 6]
        rows = [
            f"#{colour}{_run_lengths(((band == colour) * _BITS[: len(band)]).sum(0))}"
            for colour in np.unique(band)
        ]
        out.append("$".join(rows) + "-")
    return "".join(out) + "\x1b\\"


def _run_lengths(column_bits: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> str:
    """One colour's dots of a band, runs of equal columns as `!count`."""
    changes = np.flatnonzero(np.diff(column_bits)) + 1
    edges = [0, *changes.tolist(), len(column_bits)]
    out = []
    for start, end in pairwise(edges):
        letter, length = chr(63 + int(column_bits[start])), end - start
        out.append(f"!{length}{letter}" if length > 3 else letter * length)
    return "".join(out)


def _percent(value: int) -> int:
    return round(value * 100 / 255)
