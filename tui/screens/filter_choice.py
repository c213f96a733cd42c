"""Which seats to show: one letter for the usual ones, or any hall or row from the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.feed import SeatStatus
from tui.hall_filter import EVERYTHING, HallFilter, halls_of, row_of, rows_of
from tui.language import tr
from tui.screens.dialog import Dialog
from tui.widgets.key_footer import KeyFooter


class FilterScreen(Dialog[HallFilter | None]):
    """Answers the filter, or None when left. `here`: the seat under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "choose('all')", "all seats"),
        Binding("e", "choose('bad')", "only what needs eyes"),
        Binding("h", "choose('hall')", "this hall"),
        Binding("r", "choose('row')", "this row"),
        Binding("enter", "take", "the marked one", priority=True),
        Binding("escape", "back", "back"),
    ]

    def __init__(
        self, seats: Sequence[SeatStatus], here: SeatStatus | None, chosen: HallFilter
    ) -> None:
        super().__init__()
        self._here = here
        self._chosen = chosen
        self._choices: list[HallFilter] = [EVERYTHING, HallFilter(bad_only=True)]
        halls = halls_of(seats)
        for hall in halls:
            if len(halls) > 1:
                self._choices.append(HallFilter(hall=hall))
            rows = rows_of(seats, hall)
            if len(rows) > 1:
                self._choices += [HallFilter(hall=hall, row=row) for row in rows]

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = tr("Show")
            yield OptionList(*(Option(self._line(c)) for c in self._choices), id="found")
            yield Static(
                tr("A seat that needs somebody comes back by itself, whatever is shown."),
                id="dialog-says",
                classes="-calm",
            )
        yield KeyFooter()

    def on_mount(self) -> None:
        listing = self.query_one(OptionList)
        chosen = self._chosen
        listing.highlighted = self._choices.index(chosen) if chosen in self._choices else 0
        listing.focus()

    def _line(self, choice: HallFilter) -> str:
        return choice.words or tr("all seats")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "choose" and parameters[0] in ("hall", "row"):
            return self._of_here(str(parameters[0])) is not None
        return True

    def _of_here(self, what: str) -> HallFilter | None:
        if self._here is None:
            return None
        row = row_of(self._here) if what == "row" else None
        if what == "row" and not row:
            return None
        return HallFilter(hall=self._here.hall, row=row)

    def action_choose(self, what: str) -> None:
        if what in ("hall", "row"):
            self.dismiss(self._of_here(what))
        else:
            self.dismiss(EVERYTHING if what == "all" else HallFilter(bad_only=True))

    def action_take(self) -> None:
        at = self.query_one(OptionList).highlighted
        self.dismiss(self._choices[at] if at is not None else None)

    def action_back(self) -> None:
        self.dismiss(None)
