"""The plan drawn from labels alone, and its fit into a window."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import halls
from tui.map_layout import lay_out, neighbour
from tui.seat_cell import Cell, cell_line
from tui.seat_plan import HallPlan, plans


def _plan(*labels: str) -> HallPlan:
    (plan,) = plans(halls.seat(number, label) for number, label in enumerate(labels))
    return plan


def _at(plan: HallPlan) -> dict[str, tuple[int, int]]:
    return {place.label: (place.row, place.column) for place in plan.places}


def test_rows_by_letter_columns_by_number() -> None:
    assert _at(_plan("A1", "A2", "B1", "B2")) == {
        "A1": (0, 0),
        "A2": (0, 1),
        "B1": (1, 0),
        "B2": (1, 1),
    }


def test_a_small_gap_is_an_aisle_and_a_large_one_shrinks() -> None:
    columns = {label: column for label, (_, column) in _at(_plan("A1", "A2", "A4", "A90")).items()}
    assert columns == {"A1": 0, "A2": 1, "A4": 3, "A90": 5}


def test_row_aa_comes_after_row_z() -> None:
    rows = {label: row for label, (row, _) in _at(_plan("A1", "Z1", "AA1")).items()}
    assert rows["AA1"] > rows["Z1"] > rows["A1"]


@pytest.mark.parametrize(
    "labels", [("1", "2", "10"), ("Fönster", "Dörr"), ("A1", "a1"), ("A-1", "A1")]
)
def test_labels_without_a_grid_flow_in_reading_order(labels: tuple[str, ...]) -> None:
    plan = _plan(*labels)
    assert plan.flowing
    assert [place.column for place in plan.places] == list(range(len(labels)))


def test_numbers_sort_as_numbers() -> None:
    assert [place.label for place in _plan("10", "9", "100").places] == ["9", "10", "100"]


def test_halls_are_drawn_one_below_the_other() -> None:
    seats = [halls.seat(1, "A1", "Aulan"), halls.seat(2, "A1", "Bildsalen")]
    layout = lay_out(plans(seats), 40, 20)
    assert list(layout.headings.values()) == ["Aulan", "Bildsalen"]
    first, second = (layout.spots[seat.attempt_id] for seat in seats)
    assert first.y < second.y


def test_desks_where_there_is_room_lines_where_not() -> None:
    drawn = plans(halls.usual_hall().seats)
    assert lay_out(drawn, 78, 30).desk
    small = lay_out(drawn, 44, 16)
    assert not small.desk
    assert small.width <= 44
    assert small.height <= 16


@pytest.mark.parametrize(
    ("width", "height"), [(44, 18), (78, 32), (142, 53)], ids=["80x24", "120x40", "200x60"]
)
@pytest.mark.parametrize("count", [30, 60, 100, 200, 300, 500])
def test_every_seat_has_its_age_where_the_hall_is_too_wide_to_be_in_view(
    count: int, width: int, height: int
) -> None:
    layout = lay_out(plans(halls.big_hall(count).seats), width, height)
    assert layout.ages
    if 2 * -(-count // 25) <= height:  # room for two lines a seat: no need to scroll down
        assert layout.height <= height


def test_the_whole_hall_in_view_goes_before_the_ages() -> None:
    drawn = plans(halls.big_hall(500).seats)
    whole = lay_out(drawn, 200, 30)
    assert not whole.ages
    assert (whole.width, whole.height) == (200, 20)
    assert lay_out(drawn, 200, 40).ages
    assert lay_out(drawn, 199, 30).tight
    assert lay_out(drawn, 149, 30).ages  # scrolls in any case


def test_a_tight_map_where_that_alone_shows_every_seat() -> None:
    """Two halls of eight seats a row at 80x24: two columns of seats were out of sight."""
    rooms = (("Aulan", "ABCDE"), ("Bildsalen", "ABC"))
    labels = [(hall, f"{row}{n}") for hall, rows in rooms for row in rows for n in range(1, 9)]
    drawn = plans(halls.seat(n, label, hall) for n, (hall, label) in enumerate(labels))
    whole = lay_out(drawn, 43, 16)
    assert whole.tight
    assert not whole.ages
    assert (whole.width, whole.height) == (40, 10)
    assert lay_out(drawn, 43, 18).ages  # with room for a line below each
    assert not lay_out(drawn, 43, 16, tight=False).tight


def test_a_tight_cell_keeps_glyph_label_cursor_and_mark() -> None:
    layout = lay_out(plans([halls.seat(n, f"A{n}") for n in range(1, 9)]), 40, 1)
    cell = Cell(glyph="◆", label="A2", name="", phrases=("",), badge="3", selected=False)
    lines = [cell, replace(cell, selected=True), replace(cell, selected=True, marked=True)]
    assert [cell_line(one, layout, 0)[0][1] for one in lines] == [" ◆A2 ", "[◆A2]", "+◆A2]"]


_LABEL = st.text(st.sampled_from("ABCÅ123490- "), min_size=1, max_size=12)


@given(
    st.lists(_LABEL, min_size=1, max_size=60, unique=True), st.integers(1, 200), st.integers(1, 60)
)
def test_every_seat_stands_somewhere_alone(labels: list[str], width: int, height: int) -> None:
    seats = [halls.seat(number, label) for number, label in enumerate(labels)]
    layout = lay_out(plans(seats), width, height)
    assert set(layout.spots) == {seat.attempt_id for seat in seats}
    for spots in layout.on_line.values():
        for left, right in pairwise(spots):
            assert left.x + layout.cell_width <= right.x


@given(st.lists(_LABEL, min_size=1, max_size=40, unique=True))
def test_arrows_reach_every_seat(labels: list[str]) -> None:
    seats = [halls.seat(number, label) for number, label in enumerate(labels)]
    layout = lay_out(plans(seats), 80, 24)
    first = neighbour(layout, None, 0, 0)
    assert first is not None
    reached, open_ends = {first}, [first]
    while open_ends:
        here = open_ends.pop()
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            there = neighbour(layout, here, dx, dy)
            assert there is not None
            if there not in reached:
                reached.add(there)
                open_ends.append(there)
    assert reached == set(layout.spots)
