"""A line of input whose enter key stands in the footer.

Enter must be handled by the field itself, after the letters before it: a priority binding of the
screen would overtake letters that are still waiting, and send half a passphrase.
"""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.strip import Strip
from textual.widgets import Input


class Field(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "ok")]

    last_key: Key | None = None
    """The newest key that came to this field: one that did not was meant for it all the same, see
    `TypingDialog`."""

    def on_key(self, event: Key) -> None:
        self.last_key = event  # what the key does, Input does of itself

    def render_line(self, y: int) -> Strip:
        """Without colours its ground cannot be seen: underlined to its end, as on paper."""
        line = super().render_line(y)
        if not self.app.no_color:
            return line
        underlined = Style(underline=True)
        return line.apply_style(underlined).extend_cell_length(self.content_size.width, underlined)
