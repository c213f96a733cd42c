"""The hall's plan from the seats' labels alone: rows by letters, columns by numbers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from appliance.core.exam import Seat
from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId

_LARGEST_AISLE = 2  # columns left free in the drawing where the numbering jumps
_WIDEST_ROW = 40  # a hall with longer rows is drawn as a running list


@dataclass(frozen=True, slots=True)
class Place:
    """A seat at grid position (`row`, `column`) of its hall, both from 0."""

    attempt_id: AttemptId
    label: str
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class HallPlan:
    """`flowing`: the labels give no grid, so the map may break the rows where it likes."""

    hall: str
    places: tuple[Place, ...]
    flowing: bool

    @property
    def columns(self) -> int:
        return 1 + max((place.column for place in self.places), default=-1)

    @property
    def rows(self) -> int:
        return 1 + max((place.row for place in self.places), default=-1)

    @property
    def longest_label(self) -> int:
        return max((len(place.label) for place in self.places), default=1)


def plans(seats: Iterable[SeatStatus]) -> tuple[HallPlan, ...]:
    """One plan per hall, halls in the order of their names."""
    by_hall: dict[str, list[SeatStatus]] = defaultdict(list)
    for seat in seats:
        by_hall[seat.hall].append(seat)
    return tuple(_plan(hall, by_hall[hall]) for hall in sorted(by_hall, key=natural))


def reflow(plan: HallPlan, columns: int) -> HallPlan:
    """A flowing plan broken into rows of `columns`; a grid stays as it is."""
    if not plan.flowing:
        return plan
    width = max(1, columns)
    return HallPlan(
        plan.hall,
        tuple(
            Place(place.attempt_id, place.label, index // width, index % width)
            for index, place in enumerate(plan.places)
        ),
        flowing=True,
    )


def _plan(hall: str, seats: Sequence[SeatStatus]) -> HallPlan:
    grid: dict[tuple[str, int], SeatStatus] = {}
    for status in seats:
        seat = Seat(hall=hall, label=status.seat)
        grid[seat.row.casefold(), seat.column] = status
    rows = sorted({row for row, _ in grid}, key=lambda row: (len(row), row))
    columns = _with_aisles(sorted({column for _, column in grid}))
    numbered = any(column for _, column in grid)
    is_grid = numbered and len(grid) == len(seats) and (len(rows) > 1 or "" not in rows)
    if not is_grid or max(columns.values(), default=0) >= _WIDEST_ROW:
        ordered = sorted(seats, key=lambda seat: natural(seat.seat))
        return HallPlan(
            hall,
            tuple(Place(s.attempt_id, s.seat, 0, index) for index, s in enumerate(ordered)),
            flowing=True,
        )
    row_number = {row: index for index, row in enumerate(rows)}
    places = (
        Place(status.attempt_id, status.seat, row_number[row], columns[column])
        for (row, column), status in grid.items()
    )
    return HallPlan(hall, tuple(sorted(places, key=lambda p: (p.row, p.column))), flowing=False)


def _with_aisles(numbers: Sequence[int]) -> dict[int, int]:
    """Column numbers to drawn columns: small gaps stay as aisles, large ones shrink to one."""
    drawn: dict[int, int] = {}
    position, before = 0, None
    for number in numbers:
        if before is not None:
            jump = number - before
            position += jump if jump <= _LARGEST_AISLE + 1 else 2
        drawn[number] = position
        before = number
    return drawn


@lru_cache(maxsize=8192)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sorting key in which `A2` comes before `A10`."""
    parts: list[tuple[int, int, str]] = []
    run = ""
    for character in text.casefold() + "\0":
        if run and character.isdecimal() != run[-1].isdecimal():
            parts.append((0, int(run), "") if run.isdecimal() else (1, 0, run))
            run = ""
        run += character
    return tuple(parts)
