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

_SEVERAL = 2  # of one there is nothing to leave out


class FilterScreen(Dialog[HallFilter | None]):
    """Answers the filter, or None when left. `here`: the seat under the cursor. `mine`: the halls
    this person is on duty in; while there are none, the hall of `here` takes their place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "choose('all')", "all seats"),
        Binding("e", "choose('bad')", "only what needs eyes"),
        Binding("h", "choose('mine')", "my hall"),
        Binding("h", "choose('hall')", "this hall"),
        Binding("r", "choose('row')", "this row"),
        Binding("enter", "take", "the marked one", priority=True),
        Binding("escape", "back", "back"),
    ]

    def __init__(
        self,
        seats: Sequence[SeatStatus],
        here: SeatStatus | None,
        chosen: HallFilter,
        mine: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        halls = halls_of(seats)
        self._chosen = chosen
        self._letters: dict[str, HallFilter | None] = {
            "all": EVERYTHING,
            "bad": HallFilter(bad_only=True),
            "mine": HallFilter(halls=mine) if mine else None,
            "hall": HallFilter(halls=(here.hall,)) if here and len(halls) > 1 else None,
            "row": HallFilter(halls=(here.hall,), row=row_of(here)) if here else None,
        }
        if here is None or len(rows_of(seats, here.hall)) < _SEVERAL:
            self._letters["row"] = None
        self._choices: list[HallFilter] = [EVERYTHING, HallFilter(bad_only=True)]
        if len(mine) > 1:
            self._choices.append(HallFilter(halls=mine))
        for hall in halls:
            if len(halls) > 1:
                self._choices.append(HallFilter(halls=(hall,)))
            rows = rows_of(seats, hall)
            if len(rows) > 1:
                self._choices += [HallFilter(halls=(hall,), row=row) for row in rows]

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
        if action != "choose":
            return True
        if parameters == ("hall",) and self._letters["mine"] is not None:
            return False  # the same letter
        return self._letters[str(parameters[0])] is not None

    def action_choose(self, what: str) -> None:
        self.dismiss(self._letters[what])

    def action_take(self) -> None:
        at = self.query_one(OptionList).highlighted
        self.dismiss(self._choices[at] if at is not None else None)

    def action_back(self) -> None:
        self.dismiss(None)
