"""What goes to a terminal without colours. In real ones: test_terminal.py."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.color import Color
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import OptionList

from tests.tui.conftest import drawn
from tests.tui.steady_pilot import SteadyPilot
from tui.terminal_colours import Colourless, ColoursApp
from tui.widgets.field import Field

GROUND = Color.parse("black")


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "vt100"}, False),
        ({"TERM": "vt220", "COLORTERM": "truecolor"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "linux"}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "of-no-known-make"}, True),
        ({}, True),
    ],
)
def test_terminfo_says_which_terminals_have_colours(
    environment: dict[str, str], coloured: bool
) -> None:
    """curses asks once in a process, so each has its own."""
    asks = "import sys; from tui.terminal_colours import has_colours; sys.exit(has_colours())"
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "PYTHONPATH"}}
    done = subprocess.run([sys.executable, "-c", asks], env=kept | environment, check=False)
    assert done.returncode == int(coloured)


@pytest.mark.parametrize(
    ("style", "left"),
    [
        ("bold #ff0000", "bold"),
        ("bold #ffffff on #000000", "bold not reverse"),
        ("#000000 on #ffffff", "reverse"),  # as the cursor, whose ground is bright
        ("underline #102030 on #80b0ff", "underline reverse"),
        ("#ffffff on #000000 reverse", "reverse"),
        ("#000000 on #ffffff reverse", "not reverse"),
        ("#ff0000 reverse", "reverse"),
    ],
)
def test_colours_go_and_what_stood_out_is_reversed(style: str, left: str) -> None:
    [segment] = Colourless(dark=True).apply([Segment("x", Style.parse(style))], GROUND)
    assert segment.style is not None
    kept = (segment.style.bold, segment.style.underline, bool(segment.style.reverse))
    wanted = Style.parse(left)
    assert kept == (wanted.bold, wanted.underline, bool(wanted.reverse))
    assert segment.style.color is None
    assert segment.style.bgcolor is None


def test_in_a_light_theme_it_is_the_other_way_round() -> None:
    styles = [Style.parse("#000000 on #ffffff"), Style.parse("#ffffff on #0000ff"), None]
    done = Colourless(dark=False).apply([Segment("x", style) for style in styles], GROUND)
    assert [bool(segment.style and segment.style.reverse) for segment in done] == [
        False, True, False,
    ]  # fmt: skip


class Form(ColoursApp):
    CSS = "OptionList > .option-list--option-highlighted { background: $foreground; }"

    def compose(self) -> ComposeResult:
        yield Field(compact=True)
        yield OptionList("first", "second")


async def test_no_colour_is_drawn_and_a_line_to_write_on_is_seen() -> None:
    app = Form(colours=False)
    async with app.run_test(size=(20, 5)):
        pilot: Pilot[None] = SteadyPilot(app)
        await pilot.pause()
        assert "second" in drawn(pilot)
        strips: list[Strip] = app.screen._compositor.render_strips()
        styles = {s.style for strip in strips for s in strip if s.style is not None}
        assert {(style.color, style.bgcolor) for style in styles} == {(None, None)}
        field = app.query_one(Field).render_line(0)
        assert field.cell_length == app.query_one(Field).content_size.width
        assert all(segment.style and segment.style.underline for segment in field)
