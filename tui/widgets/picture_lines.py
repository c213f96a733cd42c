"""One line of a picture in half blocks, or of the words that stand in for it, as segments."""

from __future__ import annotations

from functools import lru_cache
from textwrap import wrap

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui.half_blocks import Colour, Pixels, ansi_line, block, runs


def picture_line(
    pixels: Pixels, y: int, width: int, height: int, ground: Style, *, raw: bool
) -> list[Segment]:
    """Line `y` of the picture in the middle of `width` x `height` cells. `raw`: finished ANSI in
    one segment, four times cheaper, which must then not be cropped."""
    line = y - (height - pixels.lines) // 2
    left = (width - pixels.width) // 2
    if not 0 <= line < pixels.lines or left < 0:
        return [Segment(" " * width, ground)]
    right = width - left - pixels.width
    if raw:
        return [
            Segment(" " * left, ground),
            Segment(ansi_line(pixels, line)),
            Segment(" " * right, ground),
        ]
    return [
        Segment(" " * left, ground),
        *(
            Segment(block(upper, lower) * length, _style(upper, lower))
            for length, upper, lower in runs(pixels, line)
        ),
        Segment(" " * right, ground),
    ]


def words_line(words: str, y: int, width: int, height: int, ground: Style) -> list[Segment]:
    """Line `y` of `words`, centred; what is too long for one line goes on in the next."""
    lines = _wrapped(words, max(1, width))
    at = y - (height - len(lines)) // 2
    text = lines[at][:width] if 0 <= at < len(lines) else ""
    return [Segment(f"{text:^{width}}", ground)]


@lru_cache(maxsize=512)
def _wrapped(words: str, width: int) -> tuple[str, ...]:
    return tuple(part for line in words.splitlines() for part in wrap(line, width) or [""])


@lru_cache(maxsize=65536)
def _style(upper: Colour, lower: Colour) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))
