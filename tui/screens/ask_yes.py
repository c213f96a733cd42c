"""A question with consequences, answered by `y` or left alone."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.screens.dialog import Dialog
from tui.widgets.key_footer import KeyFooter


class AskYesScreen(Dialog[bool]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes, go on"),
        Binding("escape,n", "answer(False)", "no, back"),
    ]

    def __init__(self, title: str, text: Content, *, grave: bool = False) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._grave = grave

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-grave" if self._grave else "") as dialog:
            dialog.border_title = self._title
            with VerticalScroll(id="dialog-text"):
                yield Static(self._text)
        yield KeyFooter()

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
