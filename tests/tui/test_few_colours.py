"""Pictures of a terminal with sixteen colours, and of a font with few signs."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PIL import Image
from rich.style import Style

from tui.half_blocks import draw_for, from_jpeg
from tui.widgets.picture_lines import picture_line

WIDTH, LINES = 40, 15
GREYS = {"#000000", "#555555", "#aaaaaa", "#ffffff"}
# What the console does at its start, in a process of its own: it is for good there.
ASKS = """
from textual.app import App
from textual.scrollbar import ScrollBar
from tui import half_blocks
from tui.terminal_colours import draw_as_it_can
app = App()
draw_as_it_can(app)
same = (1, 1, 1), (1, 1, 1)
bars = "".join(ScrollBar.renderer.VERTICAL_BARS).strip()
print(half_blocks.block(*same), bool(bars), app.has_class("-plain-font"), half_blocks._sixteen)
"""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    draw_for(sixteen=False)


def _dim_face() -> bytes:
    """Brightness from 60 to 190 along the rows, as a JPEG of 4:3."""
    row = bytes(60 + 130 * x // 319 for x in range(320))
    file = io.BytesIO()
    Image.frombytes("L", (320, 240), row * 240).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def _drawn() -> tuple[set[str], set[str]]:
    """The signs of the picture, and its colours."""
    pixels = from_jpeg(_dim_face(), WIDTH, LINES)
    assert pixels is not None
    lines = [picture_line(pixels, y, WIDTH, LINES, Style(), raw=False) for y in range(LINES)]
    segments = [segment for line in lines for segment in line if segment.text.strip()]
    colours = {s.style.color.name for s in segments if s.style and s.style.color}
    return {sign for segment in segments for sign in segment.text}, colours


def test_with_sixteen_colours_a_picture_has_the_four_greys_and_all_its_contrast() -> None:
    signs, colours = _drawn()
    assert signs == {"▀"}
    assert len(colours) > len(GREYS)
    draw_for(sixteen=True)
    assert _drawn() == ({"▀"}, GREYS)


def test_a_font_without_half_blocks_is_given_whole_ones() -> None:
    draw_for(sixteen=True, whole_cells=True)
    assert _drawn() == ({"█"}, GREYS)


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("linux", "█ False True True"),
        ("xterm-16color", "▀ True False True"),
        ("xterm-256color", "▀ True False False"),
    ],
)
def test_a_terminal_is_drawn_for_as_it_is_named(term: str, says: str) -> None:
    environment = {"TERM": term, "FORCE_COLOR": "1", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
    asked = [sys.executable, "-c", ASKS]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == says
