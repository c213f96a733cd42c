"""The hall as a plan of seats. Draws its own lines: only what is visible and only what changed,
which is what keeps 500 seats at a few percent of a core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.strip import Strip

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.map_layout import MapLayout, Spot, lay_out, neighbour
from tui.seat_cell import Cell, cell_line
from tui.seat_look import TONES, SeatLook, look_of
from tui.seat_plan import plans
from tui.seat_words import age_or_out, phrases
from tui.widgets.seat_view import SeatView
from tui.widgets.tones import Tones


class SeatMap(SeatView):
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

    def __init__(
        self, now: Callable[[], int], *, letters: bool = False, id: str | None = None
    ) -> None:
        super().__init__(now, letters=letters, id=id)
        self._tones = Tones(self, "seat-map")
        self._layout: MapLayout = lay_out((), 1, 1)

    def age(self, seat: SeatStatus, now: int) -> str:
        return age_or_out(seat, now) if self._layout.ages else ""

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
                self.clicked(spot.attempt_id)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, way: int) -> None:
        """Rows that are too wide but not too many: the only way to go is along them."""
        if not self.allow_vertical_scroll and self.allow_horizontal_scroll:
            event.prevent_default()
            event.stop()
            self.scroll_relative(x=way * self._layout.cell_width, animate=False)

    # drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def set_out(self) -> None:
        size = self.scrollable_content_region.size
        plan = plans(self._seats.values())
        self._layout = lay_out(
            plan, max(1, size.width), max(1, size.height), tight=not self._letters
        )
        self.virtual_size = Size(self._layout.width, self._layout.height)
        if self.selected not in self._layout.spots:
            self.selected = None
            self.action_step(0, 0)
        self.bring_into_view()
        self.refresh()

    def bring_into_view(self) -> None:
        spot = self._layout.spots.get(self.selected) if self.selected is not None else None
        if spot is not None:
            top = 0 if spot.y <= 1 else spot.y  # the heading above the first row too
            height = self._layout.cell_height + spot.y - top
            area = Region(spot.x, top, self._layout.cell_width, height)
            self.scroll_to_region(area, animate=False, force=True)

    def redraw(self, attempts: Iterable[AttemptId]) -> None:
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
            glyph=self.glyph(look),
            label=seat.seat,
            name="" if self.names_hidden else (seat.name or ""),
            phrases=phrases(seat, now, self._reasons.get(spot.attempt_id, ())),
            badge=str(min(seat.open_incidents, 9)) if seat.open_incidents > 1 else "",
            selected=spot.attempt_id == self.selected,
            age=age_or_out(seat, now) if self._layout.ages else "",
            marked=spot.attempt_id in self.marked,
        )
        ground = ""
        if self._layout.desk:
            ground = "desk-alarm" if look is SeatLook.NEEDS_EYES else "desk"
        if cell.selected:
            cursor = self._tones("cursor" if self.has_focus else "cursor-blurred")
            return [Segment(text, cursor) for _, text in cell_line(cell, self._layout, line)]
        return [
            Segment(text, self._tones("name" if part == "name" else look.tone, ground))
            for part, text in cell_line(cell, self._layout, line)
        ]
