"""The hall as a plan of seats. Draws its own lines: only what is visible and only what changed,
which is what keeps 500 seats at a few percent of a core."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.map_layout import MapLayout, Spot, lay_out, neighbour
from tui.seat_cell import Cell, cell_line
from tui.seat_look import TONES, SeatLook, look_of
from tui.seat_plan import HallPlan, plans
from tui.seat_words import phrases
from tui.widgets.tones import Tones

_QUIET = frozenset(
    {
        SeatLook.RECORDING,
        SeatLook.CHECKED_IN,
        SeatLook.EXPECTED,
        SeatLook.HANDED_IN,
        SeatLook.ENDED,
    }
)


class SeatMap(ScrollView, can_focus=True):
    """Arrow keys move the cursor; the cursor's seat is `selected`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1, 0)", show=False),
        Binding("right", "step(1, 0)", show=False),
        Binding("up", "step(0, -1)", show=False),
        Binding("down", "step(0, 1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(-1)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "seat-map--heading",
        "seat-map--desk",
        "seat-map--desk-alarm",
        "seat-map--cursor",
        "seat-map--cursor-blurred",
        "seat-map--name",
        *(f"seat-map--{tone}" for tone in TONES),
    }

    class Selected(Message):
        def __init__(self, attempt_id: AttemptId) -> None:
            super().__init__()
            self.attempt_id = attempt_id

    class Opened(Message):
        """Clicked a second time: look at it."""

    def __init__(
        self, now: Callable[[], int], *, letters: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._now = now
        self._letters = letters
        self._tones = Tones(self, "seat-map")
        self._seats: Mapping[AttemptId, SeatStatus] = {}
        self._reasons: Mapping[AttemptId, tuple[str, ...]] = {}
        self._plans: tuple[HallPlan, ...] = ()
        self._layout: MapLayout = lay_out((), 1, 1)
        self.selected: AttemptId | None = None
        self.names_hidden = False
        self.only_urgent = False

    # what is shown

    def show_all(
        self,
        seats: Mapping[AttemptId, SeatStatus],
        reasons: Mapping[AttemptId, tuple[str, ...]],
        *,
        start: AttemptId | None = None,
    ) -> None:
        """Draw this hall; the cursor stays where it was, else it begins at `start`."""
        self._seats, self._reasons = seats, reasons
        if self.selected is None:
            self.selected = start
        self._plans = plans(seats.values())
        self._lay_out()

    def show_changed(
        self,
        changed: Collection[AttemptId],
        seats: Mapping[AttemptId, SeatStatus],
        reasons: Mapping[AttemptId, tuple[str, ...]],
    ) -> None:
        """Draw again only these seats."""
        self._seats, self._reasons = seats, reasons
        if any(attempt not in self._layout.spots for attempt in changed):
            self.show_all(seats, reasons)
            return
        self._redraw(changed)

    def tick(self) -> None:
        """A second went by: seats that show a running time are drawn again."""
        if self._layout.desk or self._seats:
            now = self._now()
            self._redraw([a for a, seat in self._seats.items() if look_of(seat, now) not in _QUIET])

    def select(self, attempt: AttemptId) -> None:
        """Move the cursor to a seat and bring it into view."""
        if attempt not in self._layout.spots or attempt == self.selected:
            return
        before, self.selected = self.selected, attempt
        self._redraw([a for a in (before, attempt) if a is not None])
        self._bring_into_view()
        self.post_message(self.Selected(attempt))

    @property
    def is_desk(self) -> bool:
        """Whether seats are drawn as desks with names, or one line each."""
        return self._layout.desk

    # keys and mouse

    def action_step(self, dx: int, dy: int) -> None:
        target = neighbour(self._layout, self.selected, dx, dy)
        if target is not None:
            self.select(target)

    def action_edge(self, index: int) -> None:
        ordered = sorted(self._layout.spots.values(), key=lambda spot: (spot.y, spot.x))
        if ordered:
            self.select(ordered[index].attempt_id)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        x, y = at.x + self.scroll_offset.x, at.y + self.scroll_offset.y
        for spot in self._layout.on_line.get(y, ()):
            if spot.x <= x < spot.x + self._layout.cell_width:
                if spot.attempt_id == self.selected:
                    self.post_message(self.Opened())
                self.select(spot.attempt_id)

    # drawing

    def on_resize(self, _: events.Resize) -> None:
        self._lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def _lay_out(self) -> None:
        size = self.scrollable_content_region.size
        self._layout = lay_out(self._plans, max(1, size.width), max(1, size.height))
        self.virtual_size = Size(self._layout.width, self._layout.height)
        if self.selected not in self._layout.spots:
            self.selected = None
            self.action_step(0, 0)
        self._bring_into_view()
        self.refresh()

    def _bring_into_view(self) -> None:
        if self.selected is not None:
            spot = self._layout.spots[self.selected]
            top = 0 if spot.y <= 1 else spot.y  # the heading above the first row too
            self.scroll_to_region(
                Region(
                    spot.x, top, self._layout.cell_width, self._layout.cell_height + spot.y - top
                ),
                animate=False,
                force=True,
            )

    def _redraw(self, attempts: Iterable[AttemptId]) -> None:
        across, down = self.scroll_offset
        window = Region(0, 0, *self.size)
        width, height = self._layout.cell_width, self._layout.cell_height
        for attempt in attempts:
            spot = self._layout.spots.get(attempt)
            if spot is not None:
                area = Region(spot.x - across, spot.y - down, width, height).intersection(window)
                if area:
                    self.refresh(area)

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        width = self.size.width
        base = self.rich_style
        heading = self._layout.headings.get(line)
        if heading is not None:
            return Strip([Segment(f" {heading}", self._tones("heading"))]).crop_extend(
                self.scroll_offset.x, self.scroll_offset.x + width, base
            )
        segments: list[Segment] = []
        at = 0
        now = self._now()
        for spot in self._layout.on_line.get(line, ()):
            if spot.x > at:
                segments.append(Segment(" " * (spot.x - at), base))
            segments += self._cell(spot, line - spot.y, now)
            at = spot.x + self._layout.cell_width
        left = self.scroll_offset.x
        return Strip(segments, at).crop_extend(left, left + width, base)

    def _cell(self, spot: Spot, line: int, now: int) -> list[Segment]:
        seat = self._seats[spot.attempt_id]
        look = look_of(seat, now)
        cell = Cell(
            glyph=look.letter if self._letters else look.glyph,
            label=seat.seat,
            name="" if self.names_hidden else (seat.name or ""),
            phrases=phrases(seat, now, self._reasons.get(spot.attempt_id, ())),
            badge=str(min(seat.open_incidents, 9)) if seat.open_incidents > 1 else "",
            selected=spot.attempt_id == self.selected,
        )
        dim = self.only_urgent and look in _QUIET
        tone = "faint" if dim else look.tone
        ground = ""
        if self._layout.desk:
            ground = "desk-alarm" if look is SeatLook.NEEDS_EYES else "desk"
        if cell.selected:
            cursor = self._tones("cursor" if self.has_focus else "cursor-blurred")
            return [Segment(text, cursor) for _, text in cell_line(cell, self._layout, line)]
        return [
            Segment(text, self._tones("name" if part == "name" else tone, ground))
            for part, text in cell_line(cell, self._layout, line)
        ]

    def on_focus(self) -> None:
        self._redraw([self.selected] if self.selected else [])

    def on_blur(self) -> None:
        self._redraw([self.selected] if self.selected else [])
