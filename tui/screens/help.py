"""What the signs mean and which keys do what, for the screen one came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.seat_look import SeatLook
from tui.widgets.count_line import TONE_STYLE
from tui.widgets.key_footer import KeyFooter

_MEANS = {
    SeatLook.NEEDS_EYES: "something was observed here; look and decide",
    SeatLook.TAKEOVER: "a second computer asks for this seat",
    SeatLook.HAND: "the candidate asks for somebody",
    SeatLook.LINK_LOST: "the network is cut; pictures follow later. Never misuse",
    SeatLook.STALE: "no new picture for half a minute; go and see",
    SeatLook.ON_BREAK: "out of the hall; nothing is recorded",
    SeatLook.WATCHED: "no camera or notice refused: watch this seat yourself",
    SeatLook.RECORDING: "all is well",
    SeatLook.CHECKED_IN: "ready, waiting for the start",
    SeatLook.EXPECTED: "nobody has joined here yet",
    SeatLook.HANDED_IN: "done",
    SeatLook.ENDED: "ended by an invigilator or at the end of the time",
}


class HelpScreen(ModalScreen[None]):
    """`keys` are (key, what it does), as the screen below has them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "back", "back")]

    def __init__(self, keys: Iterable[tuple[str, str]], *, plain: bool) -> None:
        super().__init__()
        self._keys = tuple(keys)
        self._plain = plain

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as panel:
            panel.border_title = "Help"
            yield Static(self._text())
        yield KeyFooter()

    def _text(self) -> Content:
        parts: list[tuple[str, str]] = [("Keys\n", "bold $primary")]
        for key, label in self._keys:
            parts += [(f"  {key:<12}", "bold $accent"), (f"{label}\n", "")]
        parts.append(("\nSigns\n", "bold $primary"))
        for look in SeatLook:
            glyph = look.letter if self._plain else look.glyph
            parts += [
                (f"  {glyph}  ", TONE_STYLE[look.tone]),
                (f"{look.word:<16}", "bold"),
                (f"{_MEANS[look]}\n", "$faint"),
            ]
        parts += [
            ("\nGood to know\n", "bold $primary"),
            (
                "  The box says what it saw; only you confirm or dismiss. There is no score.\n",
                "",
            ),
            (
                "  Pictures come only when you look, and every look is written to the audit log.\n",
                "",
            ),
            ("  Leaving your place? ctrl+l locks the console at once.\n", ""),
        ]
        return Content.assemble(*parts)

    def action_back(self) -> None:
        self.dismiss(None)
