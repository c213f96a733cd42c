"""One live view: whatever ends it ends the view itself, not only its picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from appliance.core.exam import ExamState
from tests.tui import halls
from tests.tui.conftest import Console, drawn, press_for, until
from tests.tui.pretend_views import PretendView
from tests.tui.scripted_box import ScriptedBox
from tui.screens.closed import ClosedScreen
from tui.screens.hall import HallScreen
from tui.screens.live_view import LiveViewScreen
from tui.screens.login import LoginScreen
from tui.shift import Shift

REFUSED = "You are no longer assigned to this exam."


@pytest.fixture
def views(shift: Shift) -> list[PretendView]:
    PretendView.opened = []
    shift.view_opener = PretendView
    return PretendView.opened


async def look(pilot: Pilot[None], views: list[PretendView]) -> PretendView:
    before = len(views)
    await press_for(pilot, "l", LiveViewScreen)
    await until(pilot, lambda: len(views) > before and "not stored" in drawn(pilot))
    assert not views[-1].is_over
    return views[-1]


async def ends(pilot: Pilot[None], view: PretendView) -> None:
    await until(pilot, lambda: view.is_over)


async def test_a_key_ends_it_and_so_does_the_candidates_page(
    in_hall: Console, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        for key in ("escape", "space"):
            view = await look(pilot, views)
            await pilot.press(key)
            await ends(pilot, view)
            assert isinstance(pilot.app.screen, HallScreen)
        view = await look(pilot, views)
        view.stop("The candidate's page stopped sending.")
        await until(pilot, lambda: "ended: The candidate's page stopped" in drawn(pilot))
        assert "▀" not in drawn(pilot)  # nothing of the picture is left
        assert "r look again" in drawn(pilot)
        await pilot.press("r")
        await until(pilot, lambda: len(views) == 4 and "not stored" in drawn(pilot))
        await pilot.press("ctrl+l")
        await until(pilot, lambda: views[3].is_over)
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_a_picture_that_stands_still_is_said_to(
    in_hall: Console, views: list[PretendView]
) -> None:
    async with in_hall() as pilot:
        view = await look(pilot, views)
        assert "● live" in drawn(pilot)
        view.stalled_for_s = 4.0
        await until(pilot, lambda: "PICTURE STALLED FOR 4 s" in drawn(pilot))
        assert "● live" not in drawn(pilot)
        view.stalled_for_s = 0.0
        await until(pilot, lambda: "● live" in drawn(pilot))


async def closed_by_somebody(_: Pilot[None], box: ScriptedBox) -> None:
    await box.tell(halls.exam(ExamState.CLOSED))


async def right_lost(_: Pilot[None], box: ScriptedBox) -> None:
    box.refusals[f"/exams/{halls.EXAM}"] = (403, REFUSED)
    await box.cut_feeds()


async def console_left(pilot: Pilot[None], _: ScriptedBox) -> None:
    await pilot.press("ctrl+q")


@pytest.mark.parametrize("end", [closed_by_somebody, right_lost, console_left])
async def test_it_ends_with_the_exam_the_right_and_the_console(
    in_hall: Console,
    box: ScriptedBox,
    views: list[PretendView],
    end: Callable[[Pilot[None], ScriptedBox], Awaitable[None]],
) -> None:
    async with in_hall() as pilot:
        view = await look(pilot, views)
        await end(pilot, box)
        await ends(pilot, view)
        if end is console_left:
            await until(pilot, lambda: not pilot.app.is_running)
        else:
            await until(pilot, lambda: isinstance(pilot.app.screen, ClosedScreen))
            assert (REFUSED in " ".join(drawn(pilot).split())) is (end is right_lost)
