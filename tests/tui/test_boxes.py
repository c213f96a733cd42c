"""One console in front of several boxes: each for itself, one that is gone disturbs no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from appliance.core.exam import ExamState
from tests.tui import halls
from tests.tui.conftest import SIZE, drawn, hall_is_shown, log_in, said, until
from tests.tui.scripted_box import ScriptedBox
from tests.tui.steady_pilot import SteadyPilot
from tests.tui.three_sizes import in_three_sizes, same_pictures, says_every_key
from tui.app import ConsoleApp
from tui.box_clock import BoxClock
from tui.box_glance import BoxGlance
from tui.client import BoxClient
from tui.screens.boxes import BoxesScreen
from tui.screens.login import LoginScreen
from tui.shift import Shift
from tui.target import Target


@dataclass(frozen=True)
class School:
    """Two boxes that run, and the place of one that does not."""

    aula: ScriptedBox
    gym: ScriptedBox
    place: Path

    @asynccontextmanager
    async def console(self, size: tuple[int, int] = SIZE) -> AsyncIterator[Pilot[None]]:
        glances = [self._glance(name) for name in ("Aula", "Gym", "Library")]
        app = ConsoleApp(glances[0].shift, glances)
        async with app.run_test(size=size):
            pilot = SteadyPilot(app)
            await until(pilot, lambda: "not reachable" in drawn(pilot))
            await until(pilot, lambda: drawn(pilot).count("log in ") == 2)
            yield pilot

    def _glance(self, name: str) -> BoxGlance:
        shift = Shift(
            client=BoxClient(Target(socket=self.place / name, name=name)),
            clock=BoxClock(lambda: halls.NOW_MS),
            user="ingrid",
            feed_pauses_s=(0.05,),
        )
        return BoxGlance(name, shift, ask_every_s=0.2)


@pytest.fixture
async def school(socket_path: Path) -> AsyncIterator[School]:
    aula = ScriptedBox(halls.usual_hall(), now_ms=halls.NOW_MS)
    gym = ScriptedBox(halls.usual_hall(ExamState.READY), now_ms=halls.NOW_MS)
    await aula.start(socket_path.parent / "Aula")
    await gym.start(socket_path.parent / "Gym")
    yield School(aula, gym, socket_path.parent)
    await aula.stop()
    await gym.stop()


def at_boxes(pilot: Pilot[None]) -> bool:
    return isinstance(pilot.app.screen, BoxesScreen)


async def into(pilot: Pilot[None]) -> None:
    """To the box under the cursor, and log in there."""
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, LoginScreen))
    await pilot.pause()
    await log_in(pilot)


async def back(pilot: Pilot[None]) -> None:
    await pilot.press("ctrl+o")
    await until(pilot, lambda: at_boxes(pilot))


async def test_each_box_says_how_it_is(school: School, snapshot: SnapshotAssertion) -> None:
    async with school.console() as pilot:
        await into(pilot)
        await until(pilot, lambda: "Matematik 3c" in drawn(pilot))
        await back(pilot)
        await until(pilot, lambda: "2 need eyes" in drawn(pilot) and "LIVE" in drawn(pilot))
        await pilot.press("down")
        await into(pilot)
        await until(pilot, lambda: "O opens it" in drawn(pilot))
        await back(pilot)
        await until(pilot, lambda: "no exam open" in drawn(pilot))
        words = drawn(pilot)
        assert "21 recording" in words
        assert "not reachable" in words
        assert "2 seats need eyes." in words
        assert "Cleo" not in words
        await pilot.press("down")
        await until(pilot, lambda: "The others go on" in drawn(pilot))
        taken = await in_three_sizes(pilot)
        await says_every_key(pilot)
    same_pictures(taken, snapshot)


async def test_enter_leads_into_the_hall_that_is_live_and_its_title_says_which_box(
    school: School,
) -> None:
    async with school.console() as pilot:
        await into(pilot)
        await until(pilot, lambda: "Matematik 3c" in drawn(pilot))
        await back(pilot)
        await until(pilot, lambda: "2 need eyes" in drawn(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: hall_is_shown(pilot))
        assert drawn(pilot).startswith(" Aula ")
        await back(pilot)
        assert drawn(pilot).startswith(" Hallvakt ")


async def test_another_box_is_heard_while_one_is_on_the_screen(school: School) -> None:
    async with school.console() as pilot:
        await into(pilot)
        await until(pilot, lambda: "Matematik 3c" in drawn(pilot))
        await back(pilot)
        await pilot.press("down")
        await into(pilot)
        await until(pilot, lambda: "O opens it" in drawn(pilot))
        calm = next(seat for seat in school.aula.view.seats.values() if seat.seat == "A1")
        await school.aula.tell(replace(calm, open_incidents=1))
        await until(pilot, lambda: "Aula: 3 need eyes" in said(pilot))


async def test_a_box_that_goes_away_and_comes_back_disturbs_no_other(school: School) -> None:
    async with school.console() as pilot:
        await into(pilot)
        await until(pilot, lambda: "Matematik 3c" in drawn(pilot))
        await back(pilot)
        await until(pilot, lambda: "2 need eyes" in drawn(pilot))
        await school.gym.stop()
        await until(pilot, lambda: drawn(pilot).count("not reachable") == 2)
        assert "2 need eyes" in drawn(pilot)
        await school.gym.start(school.place / "Gym")
        await until(pilot, lambda: drawn(pilot).count("not reachable") == 1)


async def test_the_lock_is_for_all_boxes(school: School) -> None:
    async with school.console() as pilot:
        for _ in range(2):
            await into(pilot)
            await until(pilot, lambda: "Choose an exam" in drawn(pilot))
            await back(pilot)
            await pilot.press("down")
        await until(pilot, lambda: "2 need eyes" in drawn(pilot))
        await pilot.press("ctrl+l")
        await until(pilot, lambda: drawn(pilot).count("log in ") == 2)
        assert "need eyes" not in drawn(pilot)
        for box in (school.aula, school.gym):
            assert ("POST", "/logout", None) in box.asked


async def test_a_login_that_ended_is_asked_for_at_that_box_only(school: School) -> None:
    async with school.console() as pilot:
        await into(pilot)
        await until(pilot, lambda: "Choose an exam" in drawn(pilot))
        await back(pilot)
        await until(pilot, lambda: "2 need eyes" in drawn(pilot))
        school.aula.refusals["/exams"] = (401, "Your login has ended.")
        await until(pilot, lambda: drawn(pilot).count("log in ") == 2)
        await pilot.press("enter")
        await until(pilot, lambda: "Your login has ended." in drawn(pilot))
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_it_speaks_swedish(school: School, swedish: None) -> None:
    glance = school._glance("Library")
    app = ConsoleApp(glance.shift, [glance])
    async with app.run_test(size=(80, 24)):
        pilot = SteadyPilot(app)
        await until(pilot, lambda: "går inte att nå" in drawn(pilot))
        assert "fortsätter" in drawn(pilot)
        assert "Logga in på en box" in drawn(pilot)


async def test_one_box_has_no_key_for_several(school: School) -> None:
    app = ConsoleApp(school._glance("Aula").shift)
    async with app.run_test():
        pilot = SteadyPilot(app)
        await pilot.settled()
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, LoginScreen)
