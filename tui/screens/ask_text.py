"""One question, one line of answer: messages, reasons, minutes, finding a seat by hand."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.language import tr
from tui.screens.dialog import TypingDialog
from tui.widgets.field import Field
from tui.widgets.key_footer import KeyFooter


class AskTextScreen(TypingDialog[str | None]):
    """Answers the text, or None when left. `expected`: only this text is taken (asking twice).
    `begun`: what stands there to go on with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back"),
    ]

    def __init__(
        self,
        title: str,
        question: str,
        *,
        longest: int = 200,
        restrict: str | None = None,
        expected: str | None = None,
        grave: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._longest = longest
        self._restrict = restrict
        self._expected = expected
        self._grave = grave
        self.begun = ""

    @property
    def about(self) -> str:
        return self._title

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-grave" if self._grave else "") as dialog:
            dialog.border_title = self._title
            yield Static(self._question, markup=False)
            yield Field(
                self.begun,
                max_length=self._longest,
                restrict=self._restrict,
                id="answer",
                compact=True,
            )
            yield Static("", id="dialog-says", markup=False)
        yield KeyFooter()

    def on_input_submitted(self) -> None:
        answer = self.query_one(Input).value.strip()
        if not answer:
            says = tr("Nothing is written yet; esc goes back.")
            self.query_one("#dialog-says", Static).update(says)
            return
        if self._expected is not None and answer.casefold() != self._expected.casefold():
            self.query_one("#dialog-says", Static).update(
                tr("That is not {expected}; nothing has happened.", expected=self._expected)
            )
            return
        self.dismiss(answer)

    def action_back(self) -> None:
        self.dismiss(None)
