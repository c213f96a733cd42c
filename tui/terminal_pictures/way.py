"""How this terminal shows pictures."""

from __future__ import annotations

from dataclasses import dataclass
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
