"""The keys that work right now, always in view: two lines in a narrow terminal, one in a wide one.

Textual's own footer scrolls what does not fit out of sight; this one leaves out the least
important (bindings declared last) and always keeps help and lock at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.app import App
from textual.binding import Binding
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.language import tr
from tui.widgets.tones import Tones

_NAMES = {
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "space": "space",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_LINES = 2


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    label: str
    action: str

    @property
    def width(self) -> int:
        return len(self.name) + len(self.label) + 3


class KeyFooter(Widget):
    DEFAULT_CSS = "KeyFooter { dock: bottom; height: auto; width: 1fr; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-footer--key", "key-footer--label"}

    def __init__(self) -> None:
        super().__init__()
        self._tones = Tones(self, "key-footer")
        self._lines: list[list[_Key]] = [[]]

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

    def _keys(self) -> tuple[list[_Key], list[_Key]]:
        """Keys of the screen and what is focused, and those of the whole console."""
        own: list[_Key] = []
        everywhere: list[_Key] = []
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if not (binding.show and enabled):
                continue
            key = _Key(_name(binding), tr(binding.description), binding.action)
            group = everywhere if isinstance(node, App) else own
            if all(other.action != key.action for other in group):
                group.append(key)
        return own, everywhere

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
            if x <= at.x < x + key.width:
                await self.screen.run_action(key.action)
                return
            x += key.width


def _name(binding: Binding) -> str:
    if binding.key_display:
        return binding.key_display
    return _NAMES.get(binding.key, binding.key)


def _arrange(own: list[_Key], everywhere: list[_Key], width: int) -> list[list[_Key]]:
    """As many of `own` as fit into at most two lines, with `everywhere` at the end of the last."""
    if sum(key.width for key in own + everywhere) <= width:
        return [own + everywhere]
    lines: list[list[_Key]] = []
    rest = list(own)
    for number in range(_LINES):
        last = number == _LINES - 1
        room = width - (sum(key.width for key in everywhere) if last else 0)
        line: list[_Key] = []
        while rest and rest[0].width <= room:
            room -= rest[0].width
            line.append(rest.pop(0))
        lines.append(line + (everywhere if last else []))
    return lines
