"""What needs eyes, most urgent first. Draws its own lines, two per entry."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from appliance.core.observation import Incident
from tui.language import tr
from tui.queue_entries import Entry, entry_line
from tui.widgets.tones import Tones

_LINES = 2


class IncidentQueue(ScrollView, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("home", "step(-9999)", show=False),
        Binding("end", "step(9999)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "incident-queue--strong",
        "incident-queue--clear",
        "incident-queue--weak",
        "incident-queue--hall",
        "incident-queue--more",
        "incident-queue--cursor",
        "incident-queue--empty",
    }

    class Selected(Message):
        """Another entry is under the cursor, or the same one has changed."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class Opened(Message):
        """Clicked a second time: look at it."""

    def __init__(self, *, letters: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._letters = letters
        self._tones = Tones(self, "incident-queue")
        self._entries: tuple[Entry, ...] = ()
        self._at = 0
        self._just_came = False  # focused, and nothing was meant since

    @property
    def selected(self) -> Entry | None:
        return self._entries[self._at] if self._entries else None

    @property
    def selected_incident(self) -> Incident | None:
        entry = self.selected
        return entry.incident if entry else None

    def show(self, entries: tuple[Entry, ...]) -> None:
        """Draw these; the cursor stays on its entry, or on its place when that is gone, which is
        told to whoever listens: it is another entry then."""
        if entries == self._entries:
            return
        key = self.selected.key if self.selected else None
        self._entries = entries
        places = [index for index, entry in enumerate(entries) if entry.key == key]
        self._at = places[0] if places else max(0, min(self._at, len(entries) - 1))
        self.virtual_size = Size(self.scrollable_content_region.width, _LINES * len(entries))
        self.refresh()
        if self.has_focus and entries and not places:
            self._moved()

    def action_step(self, by: int) -> None:
        if not self._entries:
            return
        self._at = max(0, min(self._at + by, len(self._entries) - 1))
        self._moved()

    def _moved(self) -> None:
        self._just_came = False
        self.scroll_to_region(Region(0, self._at * _LINES, 1, _LINES), animate=False, force=True)
        self.refresh()
        self.post_message(self.Selected(self._entries[self._at]))

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        index = (at.y + self.scroll_offset.y) // _LINES
        if index < len(self._entries):
            # The click that brings the focus here shows the cursor; only one on it opens.
            if index == self._at and not self._just_came:
                self.post_message(self.Opened())
            self._at = index
            self._moved()

    def on_focus(self) -> None:
        if self._entries:
            self._moved()
        self._just_came = True
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if not self._entries:
            text = f" {tr('Nothing needs eyes.')}" if y == 0 else ""
            return Strip([Segment(f"{text:<{width}}", self._tones("empty"))], width)
        line = y + self.scroll_offset.y
        index, part = divmod(line, _LINES)
        if index >= len(self._entries):
            return Strip.blank(width, self.rich_style)
        entry = self._entries[index]
        selected = index == self._at and self.has_focus
        text = entry_line(entry, part, width, selected=selected, letters=self._letters)
        tone = entry.tone if part == 0 else "more"
        style = self._tones("cursor") if selected else self._tones(tone)
        return Strip([Segment(text, style)], width)
