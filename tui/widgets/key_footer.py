"""The keys that work right now, always in view: two lines in a narrow terminal, one in a wide one.

Textual's own footer scrolls what does not fit out of sight; this one leaves out the least
important (bindings declared last) and always keeps help and lock at the end.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.keys import Key, working_keys
from tui.widgets.tones import Tones

_LINES = 2


class KeyFooter(Widget):
    DEFAULT_CSS = "KeyFooter { dock: bottom; height: auto; width: 1fr; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-footer--key", "key-footer--label"}

    def __init__(self) -> None:
        super().__init__()
        self._tones = Tones(self, "key-footer")
        self._lines: list[list[Key]] = [[]]

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._arrange()

    def on_resize(self, _: events.Resize) -> None:
        self._arrange()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def _changed(self, screen: Screen[object]) -> None:
        if screen.is_current:
            self._arrange()

    def _arrange(self) -> None:
        if not self.is_attached:
            return
        before = len(self._lines)
        self._lines = _arrange(*self._keys(), self.size.width or self.app.size.width)
        self.refresh(layout=len(self._lines) != before)

    def _keys(self) -> tuple[list[Key], list[Key]]:
        """Keys of the screen and what is focused, and those of the whole console."""
        keys = [key for key in working_keys(self.screen) if key.in_footer]
        return [k for k in keys if not k.everywhere], [k for k in keys if k.everywhere]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        key_style, label_style = self._tones("key"), self._tones("label")
        segments = [
            segment
            for key in self._lines[y]
            for segment in (
                Segment(f" {key.name} ", key_style),
                Segment(f"{key.label} ", label_style),
            )
        ]
        return Strip(segments).crop_extend(0, width, self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y >= len(self._lines):
            return
        x = 0
        for key in self._lines[at.y]:
            if x <= at.x < x + _width(key):
                await self.app.run_action(key.action, default_namespace=key.node)
                return
            x += _width(key)


def _width(key: Key) -> int:
    return len(key.name) + len(key.label) + 3


def _arrange(own: list[Key], everywhere: list[Key], width: int) -> list[list[Key]]:
    """As many of `own` as fit into at most two lines, with `everywhere` at the end of the last."""
    if sum(_width(key) for key in own + everywhere) <= width:
        return [own + everywhere]
    lines: list[list[Key]] = []
    rest = list(own)
    for number in range(_LINES):
        last = number == _LINES - 1
        room = width - (sum(_width(key) for key in everywhere) if last else 0)
        line: list[Key] = []
        while rest and _width(rest[0]) <= room:
            room -= _width(rest[0])
            line.append(rest.pop(0))
        lines.append(line + (everywhere if last else []))
    return lines
