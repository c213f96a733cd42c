"""Colours of tones (`alarm`, `good`, ...) from the style sheet, for line-API widgets."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget


class Tones:
    """Rich styles of a widget's component classes, kept until the theme changes."""

    def __init__(self, widget: Widget, prefix: str) -> None:
        self._widget = widget
        self._prefix = prefix
        self._kept: dict[tuple[str, str], Style] = {}

    def forget(self) -> None:
        """To be called from `notify_style_update`."""
        self._kept.clear()

    def __call__(self, tone: str, ground: str = "") -> Style:
        """The style of a tone, on the background of another component when `ground` names one."""
        style = self._kept.get((tone, ground))
        if style is None:
            style = self._style(tone)
            if ground:
                style += Style(bgcolor=self._style(ground).bgcolor)
            self._kept[tone, ground] = style
        return style

    def _style(self, name: str) -> Style:
        return self._widget.get_component_rich_style(f"{self._prefix}--{name}")
