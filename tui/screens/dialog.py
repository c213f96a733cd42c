"""A question on top of a screen."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.language import text

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
