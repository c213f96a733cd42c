"""The hall as a list, one seat a line, sorted by seat, name, state or age of the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.strip import Strip

from appliance.core.ids import AttemptId
from tui.seat_look import TONES
from tui.seat_rows import Column, Columns, Sorting, columns, ordered, row
from tui.widgets.seat_view import SeatView
from tui.widgets.tones import Tones

_HEADING = 1  # lines


class SeatList(SeatView):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "step(-99999)", show=False),
        Binding("end", "step(99999)", show=False),
        Binding("1", "sort(1)", "sort by seat", show=False),
        Binding("2", "sort(2)", "sort by name", show=False),
        Binding("3", "sort(3)", "sort by state", show=False),
        Binding("4", "sort(4)", "sort by age of picture", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "seat-list--heading",
        "seat-list--name",
        "seat-list--cursor",
        "seat-list--cursor-blurred",
        *(f"seat-list--{tone}" for tone in TONES),
    }

    def __init__(
        self, now: Callable[[], int], *, letters: bool = False, id: str | None = None
    ) -> None:
        super().__init__(now, letters=letters, id=id)
        self._tones = Tones(self, "seat-list")
        self._order: list[AttemptId] = []
        self._place: dict[AttemptId, int] = {}
        self._columns: Columns = columns((), 40)
        self.sorting = Sorting()

    # what is shown

    def set_out(self) -> None:
        width = max(1, self.scrollable_content_region.width)
        self._columns = columns(self._seats.values(), width)
        self._sort()
        self.virtual_size = Size(width, len(self._order) + _HEADING)
        if self.selected not in self._place:
            self.selected = None
            if self._order:
                self.select(self._order[0])
        self.bring_into_view()
        self.refresh()

    def redraw(self, attempts: Iterable[AttemptId]) -> None:
        """Draw these again, and everything when they now stand somewhere else."""
        # Only these two orders follow from what changes all the time.
        if self.sorting.by in (Column.STATE, Column.PICTURE) and self._sort():
            self.refresh()
            return
        width, height = self.size
        for attempt in attempts:
            y = self._place.get(attempt, -1) + _HEADING - self.scroll_offset.y
            if _HEADING <= y < height:
                self.refresh(Region(0, y, width, 1))

    def on_screen(self) -> list[AttemptId]:
        top = self.scroll_offset.y
        return self._order[top : top + self.size.height]

    def _sort(self) -> bool:
        """Whether the order has changed."""
        order = ordered(
            self._seats.values(), self.sorting, self._now(), names_hidden=self.names_hidden
        )
        changed = order != self._order
        if changed:
            self._order = order
            self._place = {attempt: place for place, attempt in enumerate(order)}
        return changed

    def bring_into_view(self) -> None:
        if self.selected in self._place:
            place = self._place[self.selected]
            # The heading covers the first line, so a line more above.
            area = Region(0, place, 1, 1 + _HEADING)
            self.scroll_to_region(area, animate=False, force=True)

    # keys and mouse

    def action_step(self, by: int) -> None:
        if self._order:
            at = self._place.get(self.selected, 0) if self.selected else 0
            self.select(self._order[max(0, min(at + by, len(self._order) - 1))])

    def action_page(self, by: int) -> None:
        self.action_step(by * max(1, self.size.height - _HEADING - 1))

    def action_sort(self, number: int) -> None:
        self.sorting = self.sorting.again(list(Column)[number - 1])
        self._sort()
        self.bring_into_view()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y < _HEADING:
            self.action_sort(int(self._columns.column_at(at.x).key))
            return
        place = at.y - _HEADING + self.scroll_offset.y
        if place < len(self._order):
            self.clicked(self._order[place])

    # drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y < _HEADING:
            return self._line(self._heading(), width)
        place = y - _HEADING + self.scroll_offset.y
        if place >= len(self._order):
            return Strip.blank(width, self.rich_style)
        attempt = self._order[place]
        seat = self._seats[attempt]
        look = self.look(seat)
        selected = attempt == self.selected
        parts = row(
            seat,
            self._columns,
            self.glyph(look),
            self._now(),
            reason=self._reasons.get(attempt, ()),
            names_hidden=self.names_hidden,
            marked=attempt in self.marked,
            selected=selected,
        )
        if selected:
            tone = "cursor" if self.has_focus else "cursor-blurred"
            return self._line([(tone, words) for _, words in parts], width)
        tones = {"state": look.tone, "name": "name"}
        return self._line([(tones[part], words) for part, words in parts], width)

    def _line(self, parts: Iterable[tuple[str, str]], width: int) -> Strip:
        segments = [Segment(words, self._tones(tone)) for tone, words in parts]
        return Strip(segments).crop_extend(0, width, self.rich_style)

    def _heading(self) -> Iterable[tuple[str, str]]:
        def named(column: Column) -> str:
            if column is not self.sorting.by:
                return column.heading
            arrow = ("v", "^") if self._letters else ("▾", "▴")
            return f"{column.heading}{arrow[self.sorting.backwards]}"

        widths = self._columns
        parts = widths.line(
            named(Column.SEAT), "", named(Column.NAME), named(Column.STATE), named(Column.PICTURE)
        )
        return [("heading", words) for _, words in parts]
