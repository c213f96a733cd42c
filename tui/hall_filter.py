"""Which seats of the hall are shown; one that turns bad comes back, whatever is filtered. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from appliance.core.exam import Seat
from appliance.core.feed import SeatStatus
from appliance.core.handover import Duty
from appliance.core.ids import AttemptId, UserId
from tui.language import tr
from tui.seat_look import is_bad


@dataclass(frozen=True, slots=True, kw_only=True)
class HallFilter:
    """`bad_only`: only seats that need somebody. No `halls`: all. `row`: of each of them."""

    bad_only: bool = False
    halls: tuple[str, ...] = ()
    row: str | None = None

    @property
    def words(self) -> str:
        """What is shown, for the title of the map; empty when it is everything."""
        if self.bad_only:
            return tr("only what needs eyes")
        names = ", ".join(self.halls)
        return tr("{hall}, row {row}", hall=names, row=self.row) if self.row is not None else names

    def takes(self, seat: SeatStatus) -> bool:
        """Whether the seat belongs to what was asked for, in whatever state it is."""
        if self.bad_only or (self.halls and seat.hall not in self.halls):
            return False
        return self.row is None or row_of(seat) == self.row


EVERYTHING = HallFilter()


@dataclass(frozen=True, slots=True)
class Shown:
    """`came_back`: how many are shown although the filter leaves them out."""

    seats: Mapping[AttemptId, SeatStatus]
    came_back: int


def shown(
    seats: Mapping[AttemptId, SeatStatus],
    chosen: HallFilter,
    now_ms: int,
    *,
    under_cursor: AttemptId | None = None,
) -> Shown:
    """The seats to draw. The one under the cursor stays, so that nobody acts on another one."""
    if chosen == EVERYTHING:
        return Shown(seats, 0)
    kept: dict[AttemptId, SeatStatus] = {}
    came_back = 0
    for attempt, seat in seats.items():
        taken, bad = chosen.takes(seat), is_bad(seat, now_ms)
        if taken or bad or attempt == under_cursor:
            kept[attempt] = seat
            came_back += bad and not taken and not chosen.bad_only
    return Shown(kept, came_back)


def own_halls(duty: Duty, person: UserId, halls: Collection[str]) -> tuple[str, ...]:
    """Those of `halls` that this person is on duty in; none where that leaves nothing out."""
    taken = {hall for one in duty.on_duty if one.user_id == person for hall in one.halls or ()}
    mine = taken.intersection(halls)
    return tuple(sorted(mine)) if len(mine) < len(halls) else ()


def row_of(seat: SeatStatus) -> str:
    """`A` of `A3`; empty where the labels have no rows."""
    return Seat(hall=seat.hall, label=seat.seat).row


def halls_of(seats: Iterable[SeatStatus]) -> tuple[str, ...]:
    return tuple(sorted({seat.hall for seat in seats}))


def rows_of(seats: Iterable[SeatStatus], hall: str) -> tuple[str, ...]:
    rows = {row_of(seat) for seat in seats if seat.hall == hall} - {""}
    return tuple(sorted(rows, key=lambda row: (len(row), row)))
