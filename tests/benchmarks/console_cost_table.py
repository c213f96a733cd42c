"""The baseline that `console_cost` compares with: the same hall in Textual's own DataTable."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.widgets import DataTable

from appliance.core.feed import SeatStatus
from tui.hall_watch import Changes
from tui.screens.base import ConsoleScreen
from tui.seat_look import look_of
from tui.seat_words import phrases, short_age


class TableScreen(ConsoleScreen[None]):
    """A row a seat with what the console's list shows; running ages are set anew every second."""

    def compose(self) -> ComposeResult:
        yield DataTable[str]()

    def on_mount(self) -> None:
        self._table.add_columns("look", "seat", "name", "state", "picture")
        self.follow(self._changed)
        self.set_interval(1.0, self._tick)
        watch = self.shift.watch
        assert watch is not None
        self.run_worker(watch.run())

    @property
    def _table(self) -> DataTable[Any]:
        return self.query_one(DataTable)

    def _cells(self, seat: SeatStatus) -> tuple[str, ...]:
        now, look = self.now_ms, look_of(seat, self.now_ms)
        words = phrases(seat, now, ())[0]
        return (look.glyph, seat.seat, seat.name or "", words, short_age(seat, now))

    def _changed(self, changes: Changes) -> None:
        watch = self.shift.watch
        assert watch is not None
        if changes.everything:
            self._table.clear()
            for attempt, seat in watch.view.seats.items():
                self._table.add_row(*self._cells(seat), key=attempt)
            return
        for attempt in changes.seats:
            row = self._table.get_row_index(attempt)
            for column, said in enumerate(self._cells(watch.view.seats[attempt])):
                self._table.update_cell_at((row, column), said)  # type: ignore[arg-type]

    def _tick(self) -> None:
        watch = self.shift.watch
        assert watch is not None
        for row, seat in enumerate(watch.view.seats.values()):
            _, _, _, words, age = self._cells(seat)
            self._table.update_cell_at((row, 3), words)  # type: ignore[arg-type]
            self._table.update_cell_at((row, 4), age)  # type: ignore[arg-type]
