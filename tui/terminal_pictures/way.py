"""How this terminal shows pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

WISHES = ("auto", "kitty", "sixel", "blocks", "off")  # what a person may ask for


class PictureWay(StrEnum):
    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    OFF = "off"  # words stand for pictures


@dataclass(frozen=True, slots=True)
class TerminalPictures:
    """`cell_width`, `cell_height`: pixels of one cell, 0 where the terminal did not say."""

    way: PictureWay = PictureWay.BLOCKS
    cell_width: int = 0
    cell_height: int = 0

    def measured(self, cell: tuple[int, int]) -> TerminalPictures:
        """The same with cells of this size, if one is told (zeros: none)."""
        return replace(self, cell_width=cell[0], cell_height=cell[1]) if min(cell) else self
