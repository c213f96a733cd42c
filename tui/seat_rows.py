"""The hall as a list: its columns for a given width, its order, its lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.language import text, tr
from tui.seat_look import SeatLook, look_of
from tui.seat_plan import natural
from tui.seat_words import age_or_out, phrases, short_age
from tui.words import fit

_ORDER = {look: place for place, look in enumerate(SeatLook)}
_NEVER = 1 << 62


class Column(Enum):
    """In the order they stand; the key that sorts by it is its number."""

    SEAT = text("seat")
    NAME = text("name")
    STATE = text("state")
    PICTURE = text("picture")

    @property
    def key(self) -> str:
        return str(list(Column).index(self) + 1)

    @property
    def heading(self) -> str:
        return f"{self.key} {tr(self.value)}"


@dataclass(frozen=True, slots=True)
class Sorting:
    by: Column = Column.SEAT
    backwards: bool = False

    def again(self, by: Column) -> Sorting:
        """Asked for the same column: the other way round."""
        return Sorting(by, backwards=by is self.by and not self.backwards)


def ordered(
    seats: Iterable[SeatStatus], sorting: Sorting, now_ms: int, *, names_hidden: bool
) -> list[AttemptId]:
    """By seat within the same name, state or age; the most urgent state and the oldest picture
    come first. Hidden names give no order away."""
    key: Callable[[SeatStatus], Any]
    match sorting.by:
        case Column.NAME if not names_hidden:
            key = _by_name
        case Column.STATE:

            def key(seat: SeatStatus) -> Any:
                return _ORDER[look_of(seat, now_ms)]

        case Column.PICTURE:

            def key(seat: SeatStatus) -> Any:
                if not short_age(seat, now_ms):
                    return _NEVER  # no picture is to be expected
                return seat.last_picture_ms or 0

        case _:
            key = _by_seat
    first = sorted(seats, key=_by_seat)
    return [s.attempt_id for s in sorted(first, key=key, reverse=sorting.backwards)]


def _by_seat(seat: SeatStatus) -> Any:
    return natural(seat.hall), natural(seat.seat)


def _by_name(seat: SeatStatus) -> Any:
    return (seat.name or "").casefold()


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; a column of width 0 is left out. `hall`: there is more than one."""

    seat: int
    hall: int
    name: int
    state: int
    picture: int

    def line(
        self, seat: str, hall: str, name: str, state: str, picture: str
    ) -> tuple[tuple[str, str], ...]:
        """Parts of a line as (part, text): `name` is calm, `state` has the colour of the state."""
        middle = f"{fit(hall, self.hall)} " if self.hall else ""
        middle += f"{fit(name, self.name)} " if self.name else ""
        return (
            ("state", f"{fit(seat, self.seat)} "),
            ("name", middle),
            ("state", f"{fit(state, self.state)} {picture:>{self.picture}}"),
        )

    def column_at(self, x: int) -> Column:
        """Which column stands at cell `x` of a line."""
        edge = self.seat + (1 + self.hall if self.hall else 0)
        if x <= edge:
            return Column.SEAT
        if self.name and x <= edge + self.name + 1:
            return Column.NAME
        return Column.PICTURE if x >= self._width - self.picture else Column.STATE

    @property
    def _width(self) -> int:
        widths = (self.seat, self.hall, self.name, self.state, self.picture)
        return sum(widths) + sum(1 for width in widths if width) - 1


def columns(seats: Iterable[SeatStatus], width: int) -> Columns:
    """Seat and picture get what they need; name and state share the rest."""
    known = list(seats)
    halls = {seat.hall for seat in known}
    longest = max((len(seat.seat) for seat in known), default=2)
    label = max(len(Column.SEAT.heading), min(longest, 14) + 5)
    hall = min(14, max(map(len, halls))) if len(halls) > 1 and width >= 60 else 0
    picture = len(Column.PICTURE.heading)
    rest = max(0, width - label - picture - (1 + hall if hall else 0) - 3)
    name = rest // 2 if rest >= 24 else 0
    return Columns(label, hall, name, rest - name + (0 if name else 1), picture)


def row(
    seat: SeatStatus,
    widths: Columns,
    glyph: str,
    now_ms: int,
    *,
    reason: tuple[str, ...] = (),
    names_hidden: bool = False,
    marked: bool = False,
    selected: bool = False,
) -> tuple[tuple[str, str], ...]:
    """One line of the list in parts; the cursor also as a sign, for screens without colours."""
    said = phrases(seat, now_ms, reason)
    state = next((words for words in said if len(words) <= widths.state), said[-1])
    badge = str(min(seat.open_incidents, 9)) if seat.open_incidents > 1 else " "
    mark = "+" if marked else " "
    return widths.line(
        f"{'>' if selected else ' '}{glyph}{badge}{mark}{seat.seat}",
        seat.hall,
        "" if names_hidden else (seat.name or ""),
        state,
        age_or_out(seat, now_ms),
    )
