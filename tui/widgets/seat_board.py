"""The hall's seats as a map, a list or pictures, filtered, with one cursor for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.drawing import Drawing
from tui.hall_filter import EVERYTHING, HallFilter, halls_of, shown
from tui.language import several, tr
from tui.widgets.mosaic import Fetch, Mosaic
from tui.widgets.seat_list import SeatList
from tui.widgets.seat_map import SeatMap
from tui.widgets.seat_view import Reasons, SeatView
from tui.widgets.steady_title import entitle


class SeatBoard(Container):
    """Screens say what there is (`show`) and hear what is meant (`Moved`, `Opened`)."""

    DEFAULT_CSS = "SeatBoard { width: 1fr; height: 1fr; }"

    class Moved(Message):
        """Another seat is under the cursor."""

    class Opened(Message):
        """Clicked a second time: look at it."""

    def __init__(
        self,
        now: Callable[[], int],
        fetch: Fetch,
        *,
        letters: bool = False,
        drawing: Drawing = Drawing.MAP,
        chosen: HallFilter = EVERYTHING,
    ) -> None:
        super().__init__(id="board")
        self._now = now
        self._views: Mapping[Drawing, SeatView] = {
            Drawing.MAP: SeatMap(now, letters=letters, id=Drawing.MAP),
            Drawing.LIST: SeatList(now, letters=letters, id=Drawing.LIST),
            Drawing.MOSAIC: Mosaic(now, fetch, letters=letters, id=Drawing.MOSAIC),
        }
        self._seats: Mapping[AttemptId, SeatStatus] = {}
        self._reasons: Reasons = {}
        self._visible: frozenset[AttemptId] = frozenset()
        self.drawing = drawing
        self.chosen = chosen

    def compose(self) -> ComposeResult:
        for drawing, view in self._views.items():
            view.display = drawing is self.drawing
            yield view

    @property
    def view(self) -> SeatView:
        return self._views[self.drawing]

    @property
    def selected(self) -> AttemptId | None:
        return self.view.selected

    # what is shown

    def show(
        self,
        seats: Mapping[AttemptId, SeatStatus],
        reasons: Reasons,
        *,
        changed: Collection[AttemptId] | None = None,
        start: AttemptId | None = None,
    ) -> None:
        """Draw this hall; with `changed` only these seats, unless others have to come or go."""
        self._seats, self._reasons = seats, reasons
        part = shown(seats, self.chosen, self._now(), under_cursor=self.selected)
        visible = frozenset(part.seats)
        self._entitle(part.came_back)
        if changed is None or visible != self._visible:
            self._visible = visible
            self.view.show_all(part.seats, reasons, start=start)
        else:
            self.view.show_changed(set(changed) & visible, part.seats, reasons)

    def tick(self) -> None:
        """A second went by: a seat may have turned bad by time alone."""
        if self.chosen != EVERYTHING:
            self.show(self._seats, self._reasons, changed=())
        self.view.tick()

    def draw_as(self, drawing: Drawing) -> None:
        before, self.drawing = self.view, drawing
        after = self.view
        if after is before:
            return
        after.selected = before.selected
        before.display, after.display = False, True
        self._visible = frozenset()
        self.show(self._seats, self._reasons)
        if before.has_focus:
            after.focus()

    def choose(self, chosen: HallFilter) -> None:
        """Show only what this filter takes, and what turns bad."""
        self.chosen = chosen
        self._visible = frozenset()
        self.show(self._seats, self._reasons)

    def hide_names(self, hidden: bool) -> None:
        for view in self._views.values():
            view.names_hidden = hidden
            view.refresh()

    def mark(self, marked: Collection[AttemptId]) -> None:
        for view in self._views.values():
            view.marked = marked
            view.refresh()

    def select(self, attempt: AttemptId) -> None:
        """Move the cursor to a seat, also to one that the filter leaves out."""
        if attempt in self._seats and attempt not in self._visible:
            self.view.selected = attempt
            self.show(self._seats, self._reasons)
            self.post_message(self.Moved())
        else:
            self.view.select(attempt)

    def focus_view(self) -> None:
        self.view.focus()

    def _entitle(self, came_back: int) -> None:
        halls = halls_of(self._seats.values())
        title = halls[0] if len(halls) == 1 else tr("{n} halls", n=len(halls)) if halls else ""
        if self.chosen != EVERYTHING:
            title = "▽ " + tr("shown: {what}", what=self.chosen.words)
            if came_back:
                title += " " + several("+{n} seat that needs you", "+{n} that need you", came_back)
        entitle(self.view, title)

    def on_seat_view_selected(self, event: SeatView.Selected) -> None:
        event.stop()
        self.post_message(self.Moved())

    def on_seat_view_opened(self, event: SeatView.Opened) -> None:
        event.stop()
        self.post_message(self.Opened())
