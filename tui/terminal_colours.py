"""Terminals without colours: none go there, and what stood out by its ground is reversed."""

from __future__ import annotations

import curses
import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.scrollbar import ScrollBar, ScrollBarRender

from tui.half_blocks import draw_for

_FEWEST = 8


def has_colours() -> bool:
    """What terminfo says of this terminal, unless NO_COLOR (no-color.org) is set. A terminal that
    it does not know is taken to have them, as nearly all have today."""
    if os.environ.get("NO_COLOR"):
        return False
    try:
        # Any descriptor will do: what is asked for does not depend on it.
        curses.setupterm(os.environ.get("TERM", ""), sys.__stderr__.fileno())  # type: ignore[union-attr]
    except curses.error:
        return True
    return curses.tigetnum("colors") >= _FEWEST


def draw_as_it_can(app: App[None]) -> None:
    """Pictures, scroll bars and borders with the colours and the font of this process's terminal:
    on the screen of a Linux machine itself a font has 256 signs, and no half blocks."""
    plain_font = os.environ.get("TERM", "").startswith("linux")
    draw_for(sixteen=app.console.color_system == "standard", whole_cells=plain_font)
    if plain_font:
        ScrollBar.renderer = _WholeBar
        app.add_class("-plain-font")


class _WholeBar(ScrollBarRender):
    """Begins and ends at a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class Colourless(LineFilter):
    """Bold and underlined as before, without any colour. `dark`: whether letters are brighter than
    their ground where nothing stands out."""

    def __init__(self, *, dark: bool) -> None:
        super().__init__()
        self._dark = dark

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, None if style is None else _without_colours(style, self._dark), control)
            for text, style, control in segments
        ]


@lru_cache(4096)
def _without_colours(style: Style, dark: bool) -> Style:
    letters, ground = style.color, style.bgcolor
    plain = style.without_color
    if letters is None or ground is None or letters.is_default or ground.is_default:
        return plain
    if style.reverse:
        letters, ground = ground, letters
    brighter = Color.from_rich_color(letters).brightness - Color.from_rich_color(ground).brightness
    return plain + Style(reverse=brighter < 0 if dark else brighter > 0)


class ColoursApp(App[None]):
    """`colours`: whether the terminal has any."""

    def __init__(self, *, colours: bool = True, **named: Any) -> None:
        super().__init__(**named)
        self._colours = colours
        if not colours:
            self.no_color = True  # words stand for pictures, and `:nocolor` in the style sheets

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        if self._colours:
            return filters
        return [*filters, Colourless(dark=self.current_theme.dark)]
