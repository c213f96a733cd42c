"""What the signs mean and which keys do what, for the screen one came from."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual import events
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


_NARROWEST = 16  # cells for a sentence, in however small a terminal


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
            yield HelpText(self._keys, letters=self._letters)
        yield KeyFooter()

    def action_back(self) -> None:
        self.dismiss(None)


class HelpText(Static):
    """What goes over the end of a line goes on below its own beginning, not below the sign."""

    def __init__(self, keys: Sequence[Key], *, letters: bool) -> None:
        super().__init__()
        self._keys = keys
        self._letters = letters

    def on_resize(self, event: events.Resize) -> None:
        self.update(self.text(event.size.width))

    def text(self, width: int) -> Content:
        """All of it for lines of `width` cells."""
        parts: list[tuple[str, str]] = []

        def say(words: str, style: str, column: int) -> None:
            lines = wrap(words, max(_NARROWEST, width - column)) or [""]
            parts.append((f"\n{' ' * column}".join(lines) + "\n", style))

        for heading, everywhere in ((tr("Keys here"), False), (tr("Keys everywhere"), True)):
            parts.append((("\n" if everywhere else "") + f"{heading}\n", "bold $primary"))
            for key in self._keys:
                if key.everywhere is everywhere:
                    name = f"  {key.name:<7} "
                    parts.append((name, "bold $accent"))
                    say(key.sentence, "", len(name))
        parts.append(("\n" + tr("Signs") + "\n", "bold $primary"))
        for look in SeatLook:
            glyph = look.letter if self._letters else look.glyph
            sign, word = f"  {glyph}  ", f"{look.word:<15} "
            parts += [(sign, TONE_STYLE[look.tone]), (word, "bold")]
            say(tr(_MEANS[look]), "$faint", len(sign + word))
        parts.append(("\n" + tr("Good to know") + "\n", "bold $primary"))
        for sentence in _GOOD_TO_KNOW:
            parts.append(("  ", ""))
            say(tr(sentence), "", 2)
        return Content.assemble(*parts)
