"""The hall as a list and filtered; the palette and the help, which know every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from textual.widgets import OptionList

from appliance.core.attempt import LinkState
from appliance.core.feed import HallSnapshot, SeatStatus
from appliance.core.handover import Duty, OnDuty
from appliance.core.ids import AttemptId, UserId
from appliance.core.observation import ObservationKind, Strength
from tests.tui import halls
from tests.tui.conftest import Console, drawn, press_for, until
from tests.tui.scripted_box import USER, ScriptedBox
from tui.hall_filter import HallFilter, own_halls, shown
from tui.screens.break_ledger import BreakLedgerScreen
from tui.screens.filter_choice import FilterScreen
from tui.seat_rows import Column, Sorting, columns, ordered
from tui.seat_words import short_age
from tui.shift import Shift
from tui.widgets.incident_queue import IncidentQueue
from tui.widgets.seat_board import SeatBoard

NOW = halls.NOW_MS
USUAL = {seat.attempt_id: seat for seat in halls.usual_hall().seats}


def labels(seats: Mapping[AttemptId, SeatStatus]) -> set[str]:
    return {seat.seat for seat in seats.values()}


def in_order(sorting: Sorting, *, names_hidden: bool = False) -> list[str]:
    found = ordered(USUAL.values(), sorting, NOW, names_hidden=names_hidden)
    return [USUAL[attempt].seat for attempt in found]


@pytest.mark.parametrize(
    ("column", "first"),
    [
        (Column.SEAT, ["A1", "A2", "A3"]),
        (Column.NAME, ["D5", "A1", "B6"]),  # Alva Exempel, Alva Provsson, Alva Skrivdal
        (Column.STATE, ["A3", "C5", "D4", "B5", "E5"]),
        (Column.PICTURE, ["E5", "A1", "A2"]),
    ],
)
def test_the_list_is_ordered_by(column: Column, first: list[str]) -> None:
    assert in_order(Sorting(column))[: len(first)] == first
    assert in_order(Sorting(column).again(column))[0] != first[0]


def test_hidden_names_give_no_order_away() -> None:
    assert in_order(Sorting(Column.NAME), names_hidden=True) == in_order(Sorting(Column.SEAT))


def test_a_numbered_seat_comes_before_the_tenth() -> None:
    seats = [halls.seat(number, f"A{number}") for number in (10, 2, 1)]
    found = ordered(seats, Sorting(), NOW, names_hidden=False)
    assert found == [halls.attempt_id(number) for number in (1, 2, 10)]


@pytest.mark.parametrize("width", [20, 30, 44, 78, 118, 298])
def test_columns_fill_the_width(width: int) -> None:
    widths = columns(USUAL.values(), width)
    line = "".join(words for _, words in widths.line("A1", "", "Name", "recording", "4s"))
    assert len(line) <= max(width, 24)
    assert widths.column_at(0) is Column.SEAT
    assert widths.column_at(len(line) - 1) is Column.PICTURE


def test_a_filter_shows_a_row_and_whatever_turns_bad() -> None:
    row_e = HallFilter(halls=("Hall A",), row="E")
    part = shown(USUAL, row_e, NOW)
    bad = {"A3", "C5", "D4", "B5"}  # incidents, a hand, a lost link
    assert labels(part.seats) == {f"E{n}" for n in range(1, 7)} | bad
    assert part.came_back == len(bad)


def test_a_quiet_seat_that_turns_bad_reappears() -> None:
    calm = {a: s for a, s in USUAL.items() if s.seat in ("A1", "A2", "B1")}
    row_b = HallFilter(halls=("Hall A",), row="B")
    assert labels(shown(calm, row_b, NOW).seats) == {"B1"}
    a1 = next(a for a, s in calm.items() if s.seat == "A1")
    cut = {**calm, a1: replace(calm[a1], link=LinkState.LOST)}
    assert labels(shown(cut, row_b, NOW).seats) == {"A1", "B1"}
    # By time alone: the picture of A1 and A2 grows old.
    assert labels(shown(calm, row_b, NOW + 60_000).seats) == {"A1", "A2", "B1"}


def test_a_seat_that_never_sent_a_picture_is_not_filtered_away() -> None:
    a1 = halls.seat(1, "A1", last_picture_ms=None, recording_since_ms=NOW)
    row_b = HallFilter(halls=("Hall A",), row="B")
    assert labels(shown({a1.attempt_id: a1}, row_b, NOW + 20_000).seats) == set()
    late = shown({a1.attempt_id: a1}, row_b, NOW + 40_000)
    assert (labels(late.seats), late.came_back) == ({"A1"}, 1)


def test_only_what_needs_eyes_and_the_seat_under_the_cursor() -> None:
    a1 = next(a for a, s in USUAL.items() if s.seat == "A1")
    part = shown(USUAL, HallFilter(bad_only=True), NOW, under_cursor=a1)
    assert labels(part.seats) == {"A3", "C5", "D4", "B5", "E5", "A1"}
    assert part.came_back == 0


async def test_t_shows_the_list_and_the_map_again(in_hall: Console, shift: Shift) -> None:
    async with in_hall() as pilot:
        board = pilot.app.screen.query_one(SeatBoard)
        seat = board.selected
        await pilot.press("t")
        assert board.view.id == "list"
        assert board.selected == seat
        assert "2 name" in drawn(pilot)
        await pilot.press("down")
        assert board.selected != seat
        moved = board.selected
        await pilot.press("t")
        assert board.view.id == "map"
        assert board.selected == moved


async def test_numbers_sort_the_list_and_the_cursor_stays(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("t", "3")
        board = pilot.app.screen.query_one(SeatBoard)
        rows = drawn(pilot).splitlines()
        first = next(n for n, row in enumerate(rows) if "3 state▾" in row) + 1
        assert "A3" in rows[first]
        assert "C5" in rows[first + 1]
        await pilot.press("3")
        assert "3 state▴" in drawn(pilot)
        assert board.selected is not None
        assert USUAL[board.selected].seat == "A3"


async def test_a_click_on_a_heading_sorts_and_one_on_a_row_selects(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("t")
        await pilot.click("#list", offset=(12, 1))  # inside the border, on `2 name`
        assert "2 name▾" in drawn(pilot)
        await pilot.click("#list", offset=(12, 4))
        board = pilot.app.screen.query_one(SeatBoard)
        assert board.selected is not None
        assert USUAL[board.selected].seat == "B6"  # the third Alva


async def test_f_filters_and_a_seat_that_turns_bad_comes_back(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("home", "f")
        assert isinstance(pilot.app.screen, FilterScreen)
        await pilot.press("r")
        await until(pilot, lambda: "shown: Hall A, row A +4 that need you" in drawn(pilot))
        assert "D1" not in drawn(pilot)
        d1 = next(seat for seat in USUAL.values() if seat.seat == "D1")
        await box.tell(replace(d1, hand_raised=True))
        await until(pilot, lambda: "D1" in drawn(pilot))
        assert "+5 that need you" in drawn(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "shown:" not in drawn(pilot))
        assert "D2" in drawn(pilot)


def two_halls() -> HallSnapshot:
    """Rows A to C in the Aula, D and E in the Annex, and the one at the console on duty there."""
    usual = halls.usual_hall()
    seats = (replace(s, hall="Aula" if s.seat < "D" else "Annex") for s in usual.seats)
    return replace(usual, seats=tuple(seats), duty=on_duty("Annex"))


def on_duty(*where: str) -> Duty:
    return Duty(on_duty=(OnDuty(user_id=UserId(USER), name="ingrid", since_ms=NOW, halls=where),))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (("Annex",), ("Annex",)),
        (("Annex", "Cellar"), ("Annex",)),  # nobody sits in the cellar today
        (("Aula", "Annex"), ()),  # which would be everything
        ((), ()),
    ],
)
def test_my_halls_are_those_i_am_on_duty_in(where: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert own_halls(on_duty(*where), UserId(USER), ("Annex", "Aula")) == found
    assert own_halls(on_duty(*where), UserId("f" * 32), ("Annex", "Aula")) == ()


@pytest.mark.parametrize("snapshot_of_hall", [two_halls()], ids=["two halls"])
async def test_the_letters_of_the_filter(
    in_hall: Console, box: ScriptedBox, shift: Shift, snapshot_of_hall: HallSnapshot
) -> None:
    async with in_hall() as pilot:

        async def shows(*keys: str) -> set[str]:
            await pilot.press("f", *keys)
            bad = {"A3", "C5", "D4", "B5", "E5"}
            seen = drawn(pilot)
            return {
                s.seat[0]
                for s in snapshot_of_hall.seats
                if s.seat not in bad
                if f" {s.seat} " in seen
            }

        assert await shows("h") == {"D", "E"}
        assert shift.chosen == HallFilter(halls=("Annex",))
        assert "shown: Annex +3 that need you" in drawn(pilot)
        assert await shows("e") == set()
        assert "only what needs eyes" in drawn(pilot)
        assert await shows("a") == set("ABCDE")
        await box.tell(Duty())  # the shift is left: the hall of the cursor, at A3
        await until(pilot, lambda: shift.watch is not None and shift.watch.view.duty == Duty())
        assert await shows("h") == {"A", "B", "C"}
        assert shift.chosen == HallFilter(halls=("Aula",))


async def test_a_seat_found_is_shown_although_filtered(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("home", "f", "r", "slash", "d", "2", "enter")
        board = pilot.app.screen.query_one(SeatBoard)
        await until(pilot, lambda: USUAL[board.selected or AttemptId("")].seat == "D2")
        assert "Seat D2" in drawn(pilot)


async def test_the_palette_runs_what_is_asked_for_in_plain_words(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count > 15)
        await pilot.press(*"break")
        await until(pilot, lambda: "Begin or end a break" in drawn(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: bool(box.acts()))
        assert box.acts()[0]["act"] == "break_start"


async def test_the_palette_finds_what_stands_in_menus_behind_what_has_a_key(
    in_hall: Console,
) -> None:
    async with in_hall() as pilot:
        await pilot.press("ctrl+p", *"extra time")
        await until(pilot, lambda: "g x  extra time for several" in drawn(pilot))
        found = drawn(pilot)
        assert found.index("Give extra time, with a reason") < found.index("g x  extra time")
        await pilot.press("escape", "ctrl+p", *"who is out")
        await until(pilot, lambda: "g l  breaks: who is out" in drawn(pilot))
        await press_for(pilot, "enter", BreakLedgerScreen)


async def test_the_palette_says_when_nothing_is_called_that(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("colon", *"qqqq")
        await until(pilot, lambda: "Nothing here is called that." in drawn(pilot))


def hall_on_a_wall() -> HallSnapshot:
    """Five hundred seats, and something in every tenth of them."""
    hall = halls.big_hall()
    away = ObservationKind.LOOKING_AWAY
    opened = tuple(
        halls.incident(number, seat.attempt_id, away, 9, Strength.CLEAR)
        for number, seat in enumerate(hall.seats[::10])
    )
    return replace(hall, incidents=opened)


@pytest.mark.parametrize("snapshot_of_hall", [hall_on_a_wall()], ids=["500"])
async def test_a_wall_sized_terminal_shows_all_seats_with_names_and_the_whole_queue(
    snapshot_of_hall: HallSnapshot, in_hall: Console
) -> None:
    """As many cells as a screen of 3840x2160 has with an 8x16 letter."""
    async with in_hall((480, 135)) as pilot:
        screen = pilot.app.screen
        board, queue = screen.query_one(SeatBoard).view, screen.query_one(IncidentQueue)
        rows = drawn(pilot).splitlines()
        plan = "\n".join(row[: board.region.right] for row in rows)
        listed = "\n".join(row[queue.region.x :] for row in rows)
        footer = rows[-1]
        assert board.region.width > queue.region.width > 50
    assert [s.seat for s in snapshot_of_hall.seats if f" {s.seat} " not in plan] == []
    assert [s.seat for s in snapshot_of_hall.seats if (s.name or "?").split()[0] not in plan] == []
    assert listed.count("head turned away") >= len(snapshot_of_hall.incidents)
    assert "ctrl+l" in footer


async def test_the_age_of_the_last_picture_stands_at_every_seat(in_hall: Console) -> None:
    """In the narrowest terminal too; loud, in words, where it is stale."""
    async with in_hall((80, 24)) as pilot:
        words = drawn(pilot)
    fresh = [s for s in USUAL.values() if short_age(s, NOW) == "4s"]
    assert len(fresh) == 25
    assert words.count(" 4s") == len(fresh)
    assert words.count(" 47s") == 1
    assert "1 old picture" in words
