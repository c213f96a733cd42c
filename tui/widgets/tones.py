"""Colours of tones (`alarm`, `good`, ...) from the style sheet, for line-API widgets."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget


class Tones:
    """Rich styles of a widget's component classes, kept until the theme changes."""

    def __init__(self, widget: Widget, prefix: str) -> None:
        self._widget = widget
        self._prefix = prefix
        self._kept: dict[tuple[str, ...], Style] = {}

    def forget(self) -> None:
        """To be called from `notify_style_update`."""
        self._kept.clear()

    def __call__(self, *names: str) -> Style:
        """The style of these component classes together, later names winning."""
        style = self._kept.get(names)
        if style is None:
            classes = [f"{self._prefix}--{name}" for name in names]
            style = self._widget.get_component_rich_style(*classes)
            self._kept[names] = style
        return style
