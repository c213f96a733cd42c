"""No mouse is needed; where there is one it does what is expected: click, click again, wheel."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from appliance.core.feed import HallSnapshot
from appliance.core.observation import ObservationKind, Strength
from tests.tui import halls
from tests.tui.conftest import Console, drawn, until
from tests.tui.steady_pilot import SteadyPilot
from tui.screens.hall import HallScreen
from tui.screens.login import LoginScreen
from tui.screens.menu import MenuScreen
from tui.screens.seat import SeatScreen
from tui.widgets.incident_queue import IncidentQueue
from tui.widgets.seat_board import SeatBoard

_AWAY = ObservationKind.LOOKING_AWAY


def meant(pilot: Pilot[None]) -> str:
    """The label of the seat that acts would be done at."""
    screen = pilot.app.screen
    assert isinstance(screen, HallScreen)
    seat = screen.acted_seat()
    return seat.seat if seat else ""


@pytest.mark.parametrize(
    ("key", "first", "seen"),
    [("n", "● A1 ", "● C9 "), ("t", "●  A1 ", "●  A20 "), ("v", "● A1 ", "● A6 ")],
    ids=["map", "list", "mosaic"],
)
@pytest.mark.parametrize("snapshot_of_hall", [halls.big_hall(200)], ids=["200"])
async def test_the_seat_that_is_clicked_is_the_one_that_is_meant(
    in_hall: Console, key: str, first: str, seen: str
) -> None:
    """Wherever the wheel has brought it to. The map of 200 is too wide for it, not too high."""
    async with in_hall((80, 24)) as pilot:
        assert isinstance(pilot, SteadyPilot)
        await pilot.press(key, "home", "tab")  # the focus is in the queue
        view = pilot.app.screen.query_one(SeatBoard).view
        for _ in range(5):
            await pilot.wheel(view)
        assert first not in drawn(pilot)
        assert meant(pilot) == "A1"  # the eye has moved, not the cursor
        await pilot.click_on(seen)
        assert view.has_focus
        assert meant(pilot) == seen.split()[-1]
        for _ in range(6):
            await pilot.wheel(view, up=True)
        await pilot.click_on(first)
        assert meant(pilot) == "A1"
        await pilot.click_on(first)
        await until(pilot, lambda: isinstance(pilot.app.screen, SeatScreen))


def many_incidents() -> HallSnapshot:
    usual = halls.usual_hall()
    more = tuple(
        halls.incident(number, seat.attempt_id, _AWAY, 9, Strength.WEAK)
        for number, seat in enumerate(usual.seats[6:12], 10)
    )
    return replace(usual, incidents=(*usual.incidents, *more))


@pytest.mark.parametrize("snapshot_of_hall", [many_incidents()], ids=["many"])
async def test_the_queue_and_the_line_of_keys(in_hall: Console) -> None:
    async with in_hall((80, 24)) as pilot:
        assert isinstance(pilot, SteadyPilot)
        queue = pilot.app.screen.query_one(IncidentQueue)
        await pilot.press("end")
        await pilot.click_on("▲ A3  second")  # its cursor is there already, unseen: this shows it
        assert queue.has_focus
        assert meant(pilot) == "A3"
        await pilot.click_on("C5  nobody")
        assert meant(pilot) == "C5"
        await pilot.wheel(queue)
        assert "▲ A3  second" not in drawn(pilot)
        await pilot.click_on("a more acts")
        assert isinstance(pilot.app.screen, MenuScreen)
        await pilot.click_on("esc back")
        assert isinstance(pilot.app.screen, HallScreen)
        await pilot.click_on("ctrl+l lock")
        await until(pilot, lambda: isinstance(pilot.app.screen, LoginScreen))
