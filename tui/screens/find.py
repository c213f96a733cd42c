"""Find a seat by its label, a name, the school's number or a pseudonym."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.language import tr
from tui.screens.dialog import TypingDialog
from tui.seat_place import shared_labels
from tui.widgets.field import Field
from tui.widgets.key_footer import KeyFooter

_SHOWN = 8


class FindScreen(TypingDialog[AttemptId | None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "next", priority=True),
        Binding("up", "step(-1)", "previous", priority=True),
        Binding("escape", "back", "back"),
    ]

    def __init__(self, seats: Sequence[SeatStatus], *, names_hidden: bool) -> None:
        super().__init__()
        self._seats = seats
        self._names_hidden = names_hidden
        self._shared = shared_labels(seats)  # then each line says which hall
        self._found: list[SeatStatus] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = tr("Find")
            yield Field(
                placeholder=tr("seat, name, number or pseudonym"), id="answer", compact=True
            )
            yield OptionList(id="found")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, text: str) -> None:
        self._found = matches(self._seats, text, names_hidden=self._names_hidden)[:_SHOWN]
        listing = self.query_one(OptionList)
        listing.clear_options()
        listing.add_options([Option(self._line(seat)) for seat in self._found])
        listing.highlighted = 0 if self._found else None

    def _line(self, seat: SeatStatus) -> str:
        name, number = ("", "") if self._names_hidden else (seat.name or "", seat.number or "")
        if self._shared:
            head = f"{seat.seat:<7.7} {seat.hall:<15.15}"
            return f"{head} {name:<21.21} {number:<8.8} {seat.pseudonym}"
        return f"{seat.seat:<8} {name:<28.28} {number:<14.14} {seat.pseudonym}"

    def action_step(self, by: int) -> None:
        listing = self.query_one(OptionList)
        if self._found:
            listing.highlighted = ((listing.highlighted or 0) + by) % len(self._found)

    def on_input_submitted(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._found[at].attempt_id)

    def action_back(self) -> None:
        self.dismiss(None)


def matches(seats: Sequence[SeatStatus], text: str, *, names_hidden: bool) -> list[SeatStatus]:
    """Seats whose label begins with `text` first, then names, numbers and pseudonyms that contain
    it. Hidden names give nothing away here: neither they nor the numbers are looked at."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    by_label = [seat for seat in seats if seat.seat.casefold().startswith(wanted)]
    by_label.sort(key=lambda seat: (len(seat.seat), seat.seat))
    others = [
        seat
        for seat in seats
        if seat not in by_label
        and any(wanted in words.casefold() for words in _said_of(seat, names_hidden))
    ]
    return by_label + others


def _said_of(seat: SeatStatus, names_hidden: bool) -> tuple[str, ...]:
    if names_hidden:
        return (seat.pseudonym,)
    return (seat.pseudonym, seat.name or "", seat.number or "")
