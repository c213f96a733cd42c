"""The letters that stand for signs on a terminal without Unicode: one place for all screens."""

from __future__ import annotations

from tui.seat_look import SeatLook

_LETTERS = {
    **{look.glyph: look.letter for look in SeatLook},
    "▪": "-",  # a picture as it should be
    "◉": "@",  # somebody looks live
}


def sign(glyph: str, *, letters: bool) -> str:
    """`glyph`, or the letter that the map has for it; one that every terminal draws stays."""
    return _LETTERS.get(glyph, glyph) if letters else glyph
