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
from tui.signs import Sign
from tui.widgets.key_footer import KeyFooter

GOOD_TO_KNOW = (
    text("The box says what it saw; only you confirm or dismiss. There is no score."),
    text("Pictures come only when you look, and every look is written to the audit log."),
    text("Leaving your place? ctrl+l locks the console at once."),
)

_NARROWEST = 16  # cells for a sentence, in however small a terminal


class HelpScreen(ModalScreen[None]):
    """`keys`: those that work on the screen below; `signs`, `good_to_know`: its own."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "back", "back")]

    def __init__(
        self, keys: Sequence[Key], signs: Sequence[Sign], good_to_know: Sequence[str]
    ) -> None:
        super().__init__()
        self._keys = keys
        self._signs = signs
        self._good_to_know = good_to_know

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as panel:
            panel.border_title = tr("Help")
            yield HelpText(self._keys, self._signs, self._good_to_know)
        yield KeyFooter()

    def action_back(self) -> None:
        self.dismiss(None)


class HelpText(Static):
    """What goes over the end of a line goes on below its own beginning, not below the sign."""

    def __init__(
        self, keys: Sequence[Key], signs: Sequence[Sign], good_to_know: Sequence[str]
    ) -> None:
        super().__init__()
        self._keys = keys
        self._signs = signs
        self._good_to_know = good_to_know

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
        for one in self._signs:
            sign, word = f"  {one.sign}  ", f"{one.word:<15} "
            parts += [(sign, one.style), (word, "bold")]
            say(one.means, "$faint", len(sign + word))
        parts.append(("\n" + tr("Good to know") + "\n", "bold $primary"))
        for sentence in self._good_to_know:
            parts.append(("  ", ""))
            say(tr(sentence), "", 2)
        return Content.assemble(*parts)
