"""Pictures as text: two pixels a cell, the upper one as the colour of a half block, the lower one
as its background. Pure but for Pillow's decoder.

Colours keep five bits a channel: neighbours become equal, runs merge, and a line costs a fraction
of the bytes (measured: 9 ms a picture of 80x30 cells as raw ANSI, 39 ms as styled segments).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from tui.few_colours import in_greys

HALF_BLOCK, FULL_BLOCK = "▀", "█"
_FIVE_BITS = bytes(value & 0xF8 for value in range(256))
_LARGEST_PICTURE = 1280 * 720  # pixels; the box makes none larger

_sixteen = _whole_cells = False

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Pixels:
    """`rgb` holds three bytes a pixel, row after row. `height` is even."""

    width: int
    height: int
    rgb: bytes

    @property
    def lines(self) -> int:
        return self.height // 2


def size_within(picture: tuple[int, int], columns: int, lines: int) -> tuple[int, int]:
    """Pixels (width, even height) that a picture takes in `columns` x `lines` cells, undistorted:
    a cell is about twice as high as wide, so that half blocks make square pixels."""
    width, height = picture
    if min(width, height, columns, lines) <= 0:
        return (0, 0)
    scale = min(columns / width, 2 * lines / height)
    fitted = max(2, round(height * scale))
    return max(1, min(columns, round(width * scale))), min(2 * lines, fitted + fitted % 2)


def from_jpeg(jpeg: bytes, columns: int, lines: int) -> Pixels | None:
    """The picture scaled into the cells, or None when it is not a picture of a possible size."""
    image = open_jpeg(jpeg, (columns, 2 * lines))
    if image is None:
        return None
    size = size_within(image.size, columns, lines)
    if 0 in size:
        return None
    return from_rgb(image.resize(size, Image.Resampling.BILINEAR).tobytes(), *size)


def open_jpeg(jpeg: bytes, at_least: tuple[int, int] | None = None) -> Image.Image | None:
    """The picture decoded (no larger than needed for `at_least`, in pixels), or None when it is not
    a picture of a possible size."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            if image.width * image.height > _LARGEST_PICTURE:
                return None
            if at_least is not None and min(at_least) > 0:
                image.draft("RGB", at_least)
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError):  # Pillow's three ways to say "damaged"
        return None


def from_rgb(rgb: bytes, width: int, height: int) -> Pixels:
    if _sixteen:
        return Pixels(width, height, in_greys(rgb, width, height, whole_cells=_whole_cells))
    return Pixels(width, height, rgb.translate(_FIVE_BITS))


def draw_for(*, sixteen: bool, whole_cells: bool = False) -> None:
    """What this process's one terminal has: `sixteen` colours and no more; `whole_cells`, with
    them: a font without half blocks. Pictures made from now on are made for it."""
    global _sixteen, _whole_cells
    _sixteen, _whole_cells = sixteen, whole_cells


def block(upper: Colour, lower: Colour) -> str:
    """The sign for a cell of these two colours."""
    return FULL_BLOCK if _whole_cells and upper == lower else HALF_BLOCK


def runs(pixels: Pixels, line: int) -> Iterator[tuple[int, Colour, Colour]]:
    """Runs of equal cells of one line: (cells, upper colour, lower colour)."""
    stride = 3 * pixels.width
    upper = pixels.rgb[2 * line * stride : (2 * line + 1) * stride]
    lower = pixels.rgb[(2 * line + 1) * stride : (2 * line + 2) * stride]
    length, start = 0, 0
    for at in range(0, stride, 3):
        same = upper[at : at + 3] == upper[start : start + 3]
        if length and not (same and lower[at : at + 3] == lower[start : start + 3]):
            yield length, _colour(upper, start), _colour(lower, start)
            length, start = 0, at
        length += 1
    if length:
        yield length, _colour(upper, start), _colour(lower, start)


def ansi_line(pixels: Pixels, line: int) -> str:
    """One line as ANSI with 24-bit colours, ended by a reset; a colour is sent when it changes."""
    out: list[str] = []
    above: Colour | None = None
    below: Colour | None = None
    for length, upper, lower in runs(pixels, line):
        if upper != above:
            out.append(f"\x1b[38;2;{upper[0]};{upper[1]};{upper[2]}m")
            above = upper
        if lower != below:
            out.append(f"\x1b[48;2;{lower[0]};{lower[1]};{lower[2]}m")
            below = lower
        out.append(HALF_BLOCK * length)
    out.append("\x1b[0m")
    return "".join(out)


def _colour(row: bytes, at: int) -> Colour:
    return row[at], row[at + 1], row[at + 2]
