"""Up to nine live views on one screen."""

from __future__ import annotations

import pytest

from appliance.core.exam import ExamState
from tests.tui import halls
from tests.tui.conftest import Console, drawn, said, until
from tests.tui.pretend_views import PretendView
from tests.tui.scripted_box import ScriptedBox
from tui.screens.hall import HallScreen
from tui.screens.live_view import LiveViewScreen
from tui.screens.live_wall import LiveWallScreen
from tui.shift import Shift
from tui.wall_layout import wall
from tui.widgets.picture_wall import PictureWall


@pytest.fixture
def views(shift: Shift) -> list[PretendView]:
    PretendView.opened = []
    shift.view_opener = PretendView
    return PretendView.opened


@pytest.mark.parametrize("size", [(80, 20), (120, 36), (300, 96), (40, 60)])
def test_a_wall_fills_the_screen_and_keeps_every_tile_on_it(size: tuple[int, int]) -> None:
    for tiles in range(1, 10):
        layout = wall(tiles, *size)
        assert layout.columns * layout.rows >= tiles
        assert layout.columns * layout.tile_width <= size[0]
        assert layout.rows * layout.tile_height <= size[1]
        assert layout.tile_at(size[0] - 1, size[1] - 1) == layout.columns * layout.rows - 1
    assert (wall(9, 120, 36).columns, wall(9, 120, 36).rows) == (3, 3)


async def test_marked_seats_are_shown_together_and_end_together(
    in_hall: Console, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("home", "space", "right", "space", "right", "space", "L")
        await until(pilot, lambda: len(views) == 3 and "3 of 3 live" in drawn(pilot))
        words = drawn(pilot)
        assert "● 1 A1 Alva Provsson" in words
        assert "● 3 A3" in words
        assert "▀" in words
        assert "not stored" in words
        await pilot.press("escape")
        await until(pilot, lambda: all(view.is_over for view in views))
        assert isinstance(pilot.app.screen, HallScreen)


async def test_without_marks_those_that_need_eyes_are_shown(
    in_hall: Console, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: "2 live views" in drawn(pilot) and len(views) == 2)
        # Titles are drawn with the first telling of the views, a moment after the screen's own.
        await until(pilot, lambda: "● 1 A3" in drawn(pilot) and "● 2 C5" in drawn(pilot))


async def test_no_more_than_nine(in_hall: Console, views: list[PretendView]) -> None:
    async with in_hall() as pilot:
        await pilot.press("home", *(["space", "right"] * 6), "home", "down", "down")
        await pilot.press(*(["space", "right"] * 4))
        assert "At most 9 seats" in said(pilot)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveWallScreen))
        await until(pilot, lambda: len(views) == 9)
        assert len(pilot.app.screen.query_one(PictureWall).tiles) == len(views)


async def test_a_stall_and_an_end_are_said_at_their_picture(
    in_hall: Console, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: len(views) == 2)
        views[0].stalled_for_s = 4.0
        await until(pilot, lambda: "! 1 A3 Cleo Testberg · STALLED 4 s" in drawn(pilot))
        views[1].stop("The candidate's page stopped sending.")
        await until(pilot, lambda: "stopped sending" in drawn(pilot))
        assert "1 of 2 live" not in drawn(pilot)  # A3 stands still, C5 is over
        await pilot.press("r")
        await until(pilot, lambda: len(views) == 3)
        assert views[2].attempt == views[1].attempt


async def test_a_number_shows_one_large_and_ends_the_others(
    in_hall: Console, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: len(views) == 2)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveViewScreen))
        await until(pilot, lambda: len(views) == 3 and all(v.is_over for v in views[:2]))
        assert views[2].attempt == views[1].attempt
        assert not views[2].is_over


async def test_a_click_chooses_a_picture(in_hall: Console, views: list[PretendView]) -> None:
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: len(views) == 2)
        await pilot.click("#wall", offset=(90, 5))
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveViewScreen))


async def test_a_close_ends_all_views(
    in_hall: Console, box: ScriptedBox, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: len(views) == 2)
        await box.tell(halls.exam(ExamState.CLOSED))
        await until(pilot, lambda: all(view.is_over for view in views))


async def test_the_lock_ends_all_views(in_hall: Console, views: list[PretendView]) -> None:
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: len(views) == 2)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: all(view.is_over for view in views))
        assert "Passphrase" in drawn(pilot)


async def test_help_over_a_wall_does_not_spoil_it(
    in_hall: Console, views: list[PretendView]
) -> None:
    """A raw line must never be cropped: below another screen it is drawn in segments."""
    async with in_hall() as pilot:
        await pilot.press("L")
        await until(pilot, lambda: "2 of 2 live" in drawn(pilot))
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys here" in drawn(pilot))
        assert "\x1b" not in drawn(pilot)


async def test_seen_is_told_to_the_box_and_said_in_the_queue(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("s")
        await until(pilot, lambda: "seen by you" in drawn(pilot))
        assert "△" in drawn(pilot)
        assert sum(path.endswith("/seen") for _, path, _ in box.asked) == 1
        await pilot.press("s", "enter")  # looking again tells nothing new
        await pilot.pause(0.1)
        assert sum(path.endswith("/seen") for _, path, _ in box.asked) == 1
        assert "Needs eyes · 3" in drawn(pilot) or "faces in view" in drawn(pilot)


async def test_looking_at_a_seat_counts_as_seen(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter", "escape")
        await until(pilot, lambda: any(path.endswith("/seen") for _, path, _ in box.asked))
