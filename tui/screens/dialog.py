"""A question on top of a screen."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import ModalScreen

from tui.language import text
from tui.widgets.field import Field

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """Hides the keys of the screen below; help works on it as everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "question_mark",
            "app.help",
            "help",
            tooltip=text("Explain this screen and its keys"),
        ),
    ]


class TypingDialog(Dialog[Answer]):
    """A question that is answered in one line of input, its `Field`.

    Keys of one burst (a paste, a slow line) are all on their way to the screen below when the first
    of them opens this one. They come up here unused, and are handed on in their order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._early: list[Key] | None = []  # None once the line of input listens

    def on_mount(self) -> None:
        self.query_one(Field).focus()

    def on_descendant_focus(self) -> None:
        for key in self._early or ():
            self.app.post_message(key)
        self._early = None

    def takes(self, event: Key) -> bool:
        """Whether this key, which nothing has used, belongs to the line of input and is on its way
        there now."""
        if not event.is_printable and event.key != "enter":
            return False
        key = Key(event.key, event.character)
        if self._early is not None:
            self._early.append(key)
            return True
        field = self.query_one(Field)
        if not field.has_focus or field.last_key is event:
            return False
        return self.app.post_message(key)
