"""Who is out, for how long, and how often and how long each has been out in all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from appliance.core.attempt import AttemptState
from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.language import several, tr
from tui.screens.listing import ListingScreen
from tui.words import fit, stopwatch

_SEAT_AND_NAME = 36
_SEAT, _SEAT_WITH_HALL = 8, 22


class BreakLedgerScreen(ListingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("b", "back_again", "back from break")]

    def on_mount(self) -> None:
        super().on_mount()
        self.follow(lambda _: self._show())
        self.set_interval(1.0, self._show)
        self._show()

    def _show(self) -> None:
        watch = self.shift.watch
        if watch is None or not self.is_current:
            return
        now = self.now_ms
        seats = in_ledger(watch.view.seats.values(), now)
        places = {seat.attempt_id: self.shift.place(seat) for seat in seats}
        wide = max(map(len, places.values()), default=0) + 2 > _SEAT  # with the hall
        out = sum(1 for seat in seats if seat.state is AttemptState.ON_BREAK)
        self.show_title(tr("Breaks"))
        self.show_lines(
            [
                (
                    seat.attempt_id,
                    _line(
                        seat,
                        now,
                        place=places[seat.attempt_id],
                        columns=_SEAT_WITH_HALL if wide else _SEAT,
                        names_hidden=self.shift.names_hidden,
                    ),
                )
                for seat in seats
            ],
            heading=several("{n} candidate is out now.", "{n} candidates are out now.", out),
            hint="" if seats else tr("Nobody has had a break; b in the hall starts one."),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "back_again":
            seat = self._seat()
            return seat is not None and seat.state is AttemptState.ON_BREAK
        return True

    def on_option_list_option_highlighted(self) -> None:
        self.refresh_bindings()

    def action_back_again(self) -> None:
        seat = self._seat()
        if seat is not None:
            self.request(self._end(seat))

    async def _end(self, seat: SeatStatus) -> None:
        watch = self.shift.watch
        assert watch is not None
        watch.learn(await self.shift.client.act(watch.exam_id, seat.attempt_id, "break_end"))
        self.say(tr("Seat {seat}: {done}.", seat=self.shift.place(seat), done=tr("break ended")))

    def _seat(self) -> SeatStatus | None:
        watch, selected = self.shift.watch, self.selected
        if watch is None or selected is None:
            return None
        return watch.view.seats.get(AttemptId(selected))


def in_ledger(seats: Iterable[SeatStatus], now_ms: int) -> list[SeatStatus]:
    """Who has been out: those out now first, the longest away first, then by time in all."""
    known = [seat for seat in seats if seat.breaks or seat.break_started_ms is not None]
    return sorted(
        known, key=lambda seat: (-_away_ms(seat, now_ms), -total_ms(seat, now_ms), seat.seat)
    )


def total_ms(seat: SeatStatus, now_ms: int) -> int:
    """All breaks together, the one of now included."""
    return seat.break_total_ms + _away_ms(seat, now_ms)


def _away_ms(seat: SeatStatus, now_ms: int) -> int:
    if seat.state is not AttemptState.ON_BREAK or seat.break_started_ms is None:
        return 0
    return max(1, now_ms - seat.break_started_ms)


def _line(
    seat: SeatStatus, now_ms: int, *, place: str, columns: int, names_hidden: bool
) -> Content:
    """`columns`: how many the seat's place takes of those that it shares with the name."""
    away = _away_ms(seat, now_ms)
    name = "" if names_hidden else (seat.name or "")
    now = tr("out {away}", away=stopwatch(away)) if away else ""
    count = several("{n} break", "{n} breaks", seat.breaks)
    total = tr("{time} in all", time=stopwatch(total_ms(seat, now_ms)))
    return Content.assemble(
        (fit(f" {place}", columns), "bold"),
        fit(name, _SEAT_AND_NAME - columns),
        (fit(now, 13), "bold $warning" if away else ""),
        (fit(count, 12), "$faint"),
        (total, "$faint"),
    )
