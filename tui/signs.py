"""The signs of a screen in words, for its help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.check_lines import MARKS
from tui.language import text, tr
from tui.seat_look import SeatLook
from tui.widgets.count_line import TONE_STYLE

_SEATS = {
    SeatLook.NEEDS_EYES: text("something was observed here; look and decide"),
    SeatLook.TAKEOVER: text("a second computer asks for this seat"),
    SeatLook.LATE: text("came after the start and waits for you to let them in"),
    SeatLook.HAND: text("the candidate asks for somebody"),
    SeatLook.LINK_LOST: text("the network is cut; pictures follow later. Never misuse"),
    SeatLook.STALE: text("no new picture for half a minute; go and see"),
    SeatLook.ON_BREAK: text("out of the hall; nothing is recorded"),
    SeatLook.WATCHED: text("no camera or notice refused: watch this seat yourself"),
    SeatLook.RECORDING: text("all is well"),
    SeatLook.CHECKED_IN: text("ready, waiting for the start"),
    SeatLook.EXPECTED: text("nobody has joined here yet"),
    SeatLook.HANDED_IN: text("done"),
    SeatLook.ENDED: text("ended by an invigilator or at the end of the time"),
}
_CHECKS = {
    "fail": (text("not in order"), text("an exam would suffer: do what the line says")),
    "warn": (text("to know"), text("an exam can be held; read what it means for you")),
    "ok": (text("in order"), text("nothing to do")),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """`style` colours it; `word` is its short name, `means` a sentence."""

    sign: str
    style: str
    word: str
    means: str


def seat_signs(*, letters: bool) -> Sequence[Sign]:
    return [
        Sign(
            look.letter if letters else look.glyph,
            TONE_STYLE[look.tone],
            look.word,
            tr(_SEATS[look]),
        )
        for look in SeatLook
    ]


def check_signs(*, letters: bool) -> Sequence[Sign]:
    """Of the doctor and the start gate, the worst first."""
    return [
        Sign(
            MARKS[status][letters], MARKS[status][2], tr(_CHECKS[status][0]), tr(_CHECKS[status][1])
        )
        for status in sorted(MARKS, key=list(_CHECKS).index)
    ]
