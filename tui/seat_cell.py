"""The text of one seat in the map, line by line. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tui.map_layout import MapLayout
from tui.words import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`phrases` say the same, longest first. `badge`: how many incidents wait, when more than
    one. `selected`: the cursor is here."""

    glyph: str
    label: str
    name: str
    phrases: tuple[str, ...]
    badge: str
    selected: bool


def cell_line(cell: Cell, layout: MapLayout, line: int) -> list[tuple[str, str]]:
    """Parts of a cell's line as (part, text), together `layout.cell_width` wide.

    The cursor is drawn with brackets as well as with a colour, for screens without colours.
    """
    width = layout.cell_width
    left, right = ("[", "]") if cell.selected else (" ", " ")
    if not layout.desk:
        return [
            ("state", f"{left}{fit(f'{cell.glyph}{cell.badge} {cell.label}', width - 2)}{right}")
        ]
    inner = width - 2
    match line:
        case 0:
            text = fit(f"{cell.glyph}{cell.badge} {cell.label}", inner)
            return [("state", f"{left}{text}{right}")]
        case 1:
            return [("name", f"{left}{fit(cell.name, inner)}{right}")]
        case _:
            return [("state", f"{left}{fit(_fitting(cell.phrases, inner), inner)}{right}")]


def _fitting(phrases: tuple[str, ...], width: int) -> str:
    """The first that fits, else the last."""
    return next((text for text in phrases if len(text) <= width), phrases[-1])
