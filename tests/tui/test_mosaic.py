"""The hall as small pictures: few are asked for at a time, and none when nobody looks."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Console, drawn, press_for, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.seat import SeatScreen
from tui.shift import Shift
from tui.widgets import mosaic
from tui.widgets.seat_board import SeatBoard


def looks(box: ScriptedBox) -> list[str]:
    return [path for _, path, _ in box.asked if path.endswith("/thumbnail")]


async def test_v_shows_pictures_of_the_seats_on_the_screen_only(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic, "_PAUSE_S", 0.0)
    async with in_hall((120, 40)) as pilot:
        await pilot.press("home", "v")
        await until(pilot, lambda: len(set(looks(box))) >= 11 and "▀" in drawn(pilot))
        await pilot.pause(0.3)
        words = drawn(pilot)
        assert "[●" in words
        assert "A2 Birk" in words
        assert "E6" not in words  # below the screen
        seen = len(looks(box))
        assert seen == len(set(looks(box))) < 15
        await pilot.pause(0.3)
        assert len(looks(box)) == seen  # the same picture is not asked for twice
        await pilot.press("v")
        assert "A1" in drawn(pilot)
        assert "▀" not in drawn(pilot)


async def test_at_most_a_few_pictures_a_second_and_none_below_another_screen(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall((120, 40)) as pilot:
        await pilot.press("v")
        await until(pilot, lambda: bool(looks(box)))
        before, began = len(looks(box)), time.monotonic()
        await asyncio.sleep(0.5)
        assert len(looks(box)) - before <= 10 * (time.monotonic() - began)
        await pilot.press("question_mark")
        await pilot.pause(0.3)
        before = len(looks(box))
        await asyncio.sleep(0.4)
        assert len(looks(box)) == before


async def test_a_new_picture_comes_after_a_while(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic, "_AGAIN_AFTER_S", 0.0)
    monkeypatch.setattr(mosaic, "_PAUSE_S", 0.0)
    async with in_hall((120, 40)) as pilot:
        await pilot.press("home", "v")
        await until(pilot, lambda: len(looks(box)) >= 11)
        a1 = next(seat for seat in box.view.seats.values() if seat.seat == "A1")
        await box.tell(replace(a1, last_picture_ms=box.now_ms))
        path = f"/exams/{box.view.exam.exam_id if box.view.exam else ''}/attempts/{a1.attempt_id}"
        await until(pilot, lambda: looks(box).count(f"{path}/thumbnail") == 2)


async def test_the_cursor_moves_over_pictures_and_stays_in_the_map(
    in_hall: Console, shift: Shift
) -> None:
    async with in_hall((120, 40)) as pilot:
        await pilot.press("home", "v")
        await until(pilot, lambda: "[●" in drawn(pilot))  # there are columns once it is drawn
        await pilot.press("right", "down")
        board = pilot.app.screen.query_one(SeatBoard)
        moved = board.selected
        await pilot.press("v")
        assert board.selected == moved
        assert moved is not None
        assert shift.watch is not None
        assert shift.watch.view.seats[moved].seat == "A5"  # three across


async def test_without_colours_words_stand_for_pictures(
    in_hall: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with in_hall((120, 40)) as pilot:
        await pilot.press("home", "v")
        await until(pilot, lambda: "second person" in drawn(pilot))
        words = drawn(pilot)
        assert "▀" not in words
        assert "[●" in words  # the cursor without a colour
        await press_for(pilot, "enter", SeatScreen)  # nobody shall wait for a picture there
        await until(pilot, lambda: "no colours, no picture · picture 4 s old" in drawn(pilot))


async def test_pictures_grow_with_the_screen_and_the_terminal_s_size(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that fits is drawn as large as it does; none is asked for again for its new size."""
    monkeypatch.setattr(mosaic, "_PAUSE_S", 0.0)

    def widest(pilot: Pilot[None]) -> int:
        return max(map(len, re.findall("▀+", drawn(pilot))), default=0)

    async with in_hall((300, 90)) as pilot:
        await pilot.press("home", "v")
        view = pilot.app.screen.query_one(mosaic.Mosaic)
        await until(pilot, lambda: view.is_complete and widest(pilot) > 30)
        asked = len(looks(box))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: 0 < widest(pilot) <= 21)
        assert len(looks(box)) == asked
