"""A few things to choose from, each with a letter of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.screens.dialog import Dialog
from tui.widgets.key_footer import KeyFooter


@dataclass(frozen=True, slots=True)
class Choice:
    """`value` is what the menu answers; `about` one short line, already in the reader's words."""

    letter: str
    value: str
    label: str
    about: str = ""


class MenuScreen(Dialog[str | None]):
    """Answers the value chosen, by its letter or by arrows and enter; None when left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "back")]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            yield OptionList(*(Option(_line(c), id=c.value) for c in self._choices), id="choices")
        yield KeyFooter()

    def on_mount(self) -> None:
        listing = self.query_one(OptionList)
        listing.focus()
        listing.highlighted = 0 if self._choices else None

    def on_key(self, event: events.Key) -> None:
        chosen = next((c for c in self._choices if c.letter == event.character), None)
        if chosen is not None:
            event.stop()
            self.dismiss(chosen.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_back(self) -> None:
        self.dismiss(None)


def _line(choice: Choice) -> Content:
    head = Content.assemble((f" {choice.letter} ", "bold $primary"), f" {choice.label}")
    if not choice.about:
        return head
    return Content.assemble(head, "\n", (f"    {choice.about}", "$faint"))
