"""The text of one seat in the map, line by line. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tui.map_layout import AGE_WIDTH, MapLayout
from tui.words import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`phrases` say the same, longest first. `badge`: how many incidents wait, when more than
    one. `age`: of the last good picture, at most three letters. `selected`: the cursor is here.
    `marked`: chosen for something that is done with several seats."""

    glyph: str
    label: str
    name: str
    phrases: tuple[str, ...]
    badge: str
    selected: bool
    age: str = ""
    marked: bool = False

    @property
    def head(self) -> str:
        return f"{self.glyph}{self.badge}{'+' if self.marked else ' '}{self.label}"


def cell_line(cell: Cell, layout: MapLayout, line: int) -> list[tuple[str, str]]:
    """Parts of a cell's line as (part, text), together `layout.cell_width` wide.

    The cursor is drawn with brackets as well as with a colour, for screens without colours.
    """
    width = layout.cell_width
    left, right = ("[", "]") if cell.selected else (" ", " ")
    if layout.tight and cell.marked and line == 0:
        left = "+"
    if layout.cell_height == 2:
        text = fit(_label(cell, layout), width - 2) if line == 0 else f"{cell.age:>{width - 2}}"
        return [("state", f"{left}{text}{right}")]
    if not layout.desk:
        return [("state", f"{left}{_head(cell, layout, width - 2)}{right}")]
    inner = width - 2
    match line:
        case 0:
            return [("state", f"{left}{_head(cell, layout, inner)}{right}")]
        case 1:
            return [("name", f"{left}{fit(cell.name, inner)}{right}")]
        case _:
            return [("state", f"{left}{fit(_fitting(cell.phrases, inner), inner)}{right}")]


def _label(cell: Cell, layout: MapLayout) -> str:
    return f"{cell.glyph}{cell.label}" if layout.tight else cell.head


def _head(cell: Cell, layout: MapLayout, width: int) -> str:
    if not layout.ages:
        return fit(_label(cell, layout), width)
    room = width - AGE_WIDTH
    return f"{fit(cell.head, room)}{cell.age:>{AGE_WIDTH}}"


def _fitting(phrases: tuple[str, ...], width: int) -> str:
    """The first that fits, else the last."""
    return next((text for text in phrases if len(text) <= width), phrases[-1])
