"""How the hall is shown: as map or list, which seats, with names or without; and several live."""

from __future__ import annotations

from abc import abstractmethod

from textual.binding import Binding

from appliance.core.ids import AttemptId
from tui.drawing import Drawing
from tui.hall_filter import HallFilter, halls_of, own_halls
from tui.language import text, tr
from tui.queue_entries import reasons
from tui.screens.filter_choice import FilterScreen
from tui.screens.find import FindScreen
from tui.screens.hall_menu import HallMenuScreen
from tui.screens.live_wall import LiveWallScreen
from tui.screens.seat_acts import PRESENT
from tui.wall_layout import MOST_TILES
from tui.widgets.seat_board import SeatBoard

VIEWS = (
    Binding("slash", "find", "find", tooltip=text("Find a seat, a name or a number")),
    Binding(
        "space",
        "mark",
        "mark",
        tooltip=text("Mark this seat, to look or act at several"),
    ),
    Binding(
        "L",
        "live_wall",
        "live, several",
        tooltip=text("Look live at the marked seats, or at all that need eyes"),
    ),
    Binding("f", "filter", "filter", tooltip=text("Show only some seats")),
    Binding(
        "v",
        "draw('mosaic')",
        "pictures",
        tooltip=text("Show the newest picture of every seat, or the map"),
    ),
    Binding("t", "draw('list')", "list", tooltip=text("Show the seats as a list, or as a map")),
    Binding("n", "toggle_names", "names", tooltip=text("Hide or show the names")),
)


class HallViewsScreen(HallMenuScreen):
    """Subclasses compose a `SeatBoard`."""

    @property
    def board(self) -> SeatBoard:
        return self.query_one(SeatBoard)

    async def newest_picture(self, attempt: AttemptId) -> bytes | None:
        """For the mosaic. The look is recorded."""
        return await self.shift.client.thumbnail(self.hall.exam_id, attempt)

    @abstractmethod
    def show_card(self) -> None:
        """Draw again what is said about the seat under the cursor."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "draw" and parameters == ("mosaic",):
            return self.exam is not None and self.exam.features.video_snippets
        if action == "live_wall":
            return self.exam is not None and self.exam.features.live_view
        return super().check_action(action, parameters)

    def action_toggle_names(self) -> None:
        self.shift.names_hidden = not self.shift.names_hidden
        self.board.hide_names(self.shift.names_hidden)
        self.show_card()

    def action_draw(self, drawing: str) -> None:
        """As this, or as the map again when it is drawn so already."""
        self.shift.drawing = Drawing.MAP if self.board.drawing == drawing else Drawing(drawing)
        self.board.draw_as(self.shift.drawing)

    def action_mark(self) -> None:
        attempt = self.board.selected
        if attempt in self.shift.marked:
            self.shift.marked = tuple(a for a in self.shift.marked if a != attempt)
        elif attempt is not None:
            self.shift.marked = (*self.shift.marked, attempt)
            if len(self.shift.marked) == MOST_TILES + 1:
                self.say(tr("At most {n} seats can be seen together.", n=MOST_TILES))
        self.board.mark(self.shift.marked)

    def action_live_wall(self) -> None:
        seats = self.hall.view.seats
        wanted = self.shift.marked or tuple(reasons(self.hall.view))
        attempts = [a for a in wanted if a in seats and seats[a].state in PRESENT]
        if attempts:
            self.app.push_screen(LiveWallScreen(self.shift, attempts))
        else:
            self.say(tr("Mark seats with the space bar first."))

    def action_filter(self) -> None:
        seats, login = tuple(self.hall.view.seats.values()), self.shift.client.login_reply
        mine = own_halls(self.hall.view.duty, login.user_id, halls_of(seats)) if login else ()
        ask = FilterScreen(seats, self.acted_seat(), self.shift.chosen, mine)
        self.app.push_screen(ask, self.choose)

    def choose(self, chosen: HallFilter | None) -> None:
        if chosen is not None:
            self.shift.chosen = chosen
            self.board.choose(chosen)

    def action_find(self) -> None:
        def found(attempt: AttemptId | None) -> None:
            if attempt is not None:
                self.board.focus_view()
                self.board.select(attempt)

        seats = tuple(self.hall.view.seats.values())
        self.app.push_screen(FindScreen(seats, names_hidden=self.shift.names_hidden), found)
