"""Where each seat of the plan stands in the seat map, for a window of a given size. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.core.ids import AttemptId
from tui.seat_plan import HallPlan, reflow

_NARROWEST_DESK, _WIDEST_DESK = 11, 26
_LONGEST_LABEL = 14
_DESK = 3  # lines
_CELL_EXTRA = 5  # edge, glyph, space, badge, edge
_TIGHT_EXTRA = 3  # edge, glyph, edge
_TIGHT_LABEL = 2  # with the glyph as wide as an age
AGE_WIDTH = 4  # a space and `47s`
# Lines a seat, with ages, tight: the first that brings the whole hall into view.
_WAYS = (
    (1, True, False),
    (2, True, False),
    (2, True, True),
    (1, False, False),
    (1, False, True),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A seat's rectangle in the map: left cell, top line."""

    attempt_id: AttemptId
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class MapLayout:
    """`cell_height`: three lines a seat are a desk (glyph and label, name, words); two are glyph
    and label above the age of the picture; one has both side by side, or no age.

    `ages`: with the age of every seat's last good picture. `tight`: nothing stands between glyph
    and label, and how many incidents wait is left to the queue. `on_line` holds the spots that
    touch a line, left to right.
    """

    cell_height: int
    cell_width: int
    width: int
    height: int
    spots: dict[AttemptId, Spot]
    on_line: dict[int, list[Spot]]
    headings: dict[int, str] = field(default_factory=dict)
    ages: bool = False
    tight: bool = False

    @property
    def desk(self) -> bool:
        return self.cell_height == _DESK


def lay_out(plans: Sequence[HallPlan], width: int, height: int, *, tight: bool = True) -> MapLayout:
    """Desks when the whole hall fits as desks, else the age of its picture beside each seat, else
    below it; airy where there is room, and tight where that alone brings all of it into view. A
    hall too large for the window scrolls, with its ages: they are left out only where all of it is
    in view without them, for a seat out of view shows nothing at all. `tight`: whether it may be
    (a letter for a glyph cannot stand beside a label)."""
    for row_gap in (2, 1):
        drawing = _desks(plans, width, row_gap)
        if drawing is not None and drawing.height <= height:
            return drawing
    for cell_height, ages, narrow in _WAYS:
        for row_gap in (2, 1, 0):
            drawing = _lines(
                plans, width, row_gap, cell_height=cell_height, ages=ages, tight=narrow
            )
            in_view = drawing.height <= height and drawing.width <= width
            if in_view and (tight or not narrow):
                return drawing
    for row_gap in (2, 1, 0):
        drawing = _lines(plans, width, row_gap, cell_height=2, ages=True)
        if drawing.height <= height:
            return drawing
    return _lines(plans, width, 0, cell_height=2, ages=True)


def _desks(plans: Sequence[HallPlan], width: int, row_gap: int) -> MapLayout | None:
    label = max((plan.longest_label for plan in plans), default=1)
    narrowest = max(_NARROWEST_DESK, min(label, _LONGEST_LABEL) + 4)
    flowing = max(1, (width + 1) // (narrowest + 3))
    widest_row = max((reflow(plan, flowing).columns for plan in plans), default=1)
    cell = min(_WIDEST_DESK, (width + 1) // widest_row - 1)
    if cell < narrowest:
        return None
    return _place(
        plans, flowing, cell_width=cell, gap=1, cell_height=_DESK, row_gap=row_gap, ages=True
    )


def _lines(
    plans: Sequence[HallPlan],
    width: int,
    row_gap: int,
    *,
    cell_height: int,
    ages: bool,
    tight: bool = False,
) -> MapLayout:
    label = min(max((plan.longest_label for plan in plans), default=1), _LONGEST_LABEL)
    if tight:
        cell = max(label, _TIGHT_LABEL) + _TIGHT_EXTRA
    else:
        cell = label + _CELL_EXTRA + (AGE_WIDTH if ages and cell_height == 1 else 0)
    flowing = max(1, width // cell)
    widest_row = max((reflow(plan, flowing).columns for plan in plans), default=1)
    spare = width // widest_row - cell
    return _place(
        plans,
        flowing,
        cell_width=cell,
        gap=max(0, min(3, spare)),
        cell_height=cell_height,
        row_gap=row_gap,
        ages=ages,
        tight=tight,
    )


def _place(
    plans: Sequence[HallPlan],
    flowing: int,
    *,
    cell_width: int,
    gap: int,
    cell_height: int,
    row_gap: int,
    ages: bool,
    tight: bool = False,
) -> MapLayout:
    spots: dict[AttemptId, Spot] = {}
    on_line: dict[int, list[Spot]] = defaultdict(list)
    headings: dict[int, str] = {}
    top = right = 0
    for plan in plans:
        if len(plans) > 1:
            headings[top] = plan.hall
            top += 1
        drawn = reflow(plan, flowing)
        for place in drawn.places:
            spot = Spot(
                place.attempt_id,
                place.column * (cell_width + gap),
                top + place.row * (cell_height + row_gap),
            )
            spots[place.attempt_id] = spot
            right = max(right, spot.x + cell_width)
            for line in range(spot.y, spot.y + cell_height):
                on_line[line].append(spot)
        top += drawn.rows * (cell_height + row_gap)
        if plan is plans[-1]:
            top -= row_gap
    for touching in on_line.values():
        touching.sort(key=lambda spot: spot.x)
    return MapLayout(
        cell_height=cell_height,
        cell_width=cell_width,
        width=right,
        height=top,
        spots=spots,
        on_line=dict(on_line),
        headings=headings,
        ages=ages,
        tight=tight,
    )


def neighbour(layout: MapLayout, here: AttemptId | None, dx: int, dy: int) -> AttemptId | None:
    """The seat one step away: left and right along the row, up and down to the nearest above or
    below. At an edge the seat itself; without a seat to start from the first one."""
    spot = layout.spots.get(here) if here is not None else None
    if spot is None:
        return (
            min(layout.spots.values(), key=lambda s: (s.y, s.x)).attempt_id
            if layout.spots
            else None
        )
    if dx:
        row = layout.on_line[spot.y]
        index = row.index(spot) + dx
        return row[max(0, min(index, len(row) - 1))].attempt_id
    tops = sorted({other.y for other in layout.spots.values()})
    wanted = tops[max(0, min(tops.index(spot.y) + dy, len(tops) - 1))]
    row = [other for other in layout.on_line[wanted] if other.y == wanted]
    return min(row, key=lambda other: abs(other.x - spot.x)).attempt_id
