"""A border's title that is set many times a second and mostly stays the same."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def entitle(widget: Widget, title: str) -> None:
    """Put `title` above `widget`. Textual draws a widget anew whole whenever its title is set, also
    to the same words."""
    if widget.border_title != Content.from_markup(title).markup:
        widget.border_title = title
