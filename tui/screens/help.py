"""What the signs mean and which keys do what, for the screen one came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import Key
from tui.language import text, tr
from tui.seat_look import SeatLook
from tui.widgets.count_line import TONE_STYLE
from tui.widgets.key_footer import KeyFooter

_MEANS = {
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

_GOOD_TO_KNOW = (
    text("The box says what it saw; only you confirm or dismiss. There is no score."),
    text("Pictures come only when you look, and every look is written to the audit log."),
    text("Leaving your place? ctrl+l locks the console at once."),
)


class HelpScreen(ModalScreen[None]):
    """`keys`: those that work on the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "back", "back")]

    def __init__(self, keys: Sequence[Key], *, letters: bool) -> None:
        super().__init__()
        self._keys = keys
        self._letters = letters

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as panel:
            panel.border_title = tr("Help")
            yield Static(self._text())
        yield KeyFooter()

    def _text(self) -> Content:
        parts: list[tuple[str, str]] = []
        for heading, everywhere in ((tr("Keys here"), False), (tr("Keys everywhere"), True)):
            parts.append((("\n" if everywhere else "") + f"{heading}\n", "bold $primary"))
            for key in self._keys:
                if key.everywhere is everywhere:
                    parts += [(f"  {key.name:<8}", "bold $accent"), (f"{key.sentence}\n", "")]
        parts.append(("\n" + tr("Signs") + "\n", "bold $primary"))
        for look in SeatLook:
            glyph = look.letter if self._letters else look.glyph
            parts += [
                (f"  {glyph}  ", TONE_STYLE[look.tone]),
                (f"{look.word:<16}", "bold"),
                (f"{tr(_MEANS[look])}\n", "$faint"),
            ]
        parts += [
            ("\n" + tr("Good to know") + "\n", "bold $primary"),
            *((f"  {tr(sentence)}\n", "") for sentence in _GOOD_TO_KNOW),
        ]
        return Content.assemble(*parts)

    def action_back(self) -> None:
        self.dismiss(None)
