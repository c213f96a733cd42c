"""The technician's screen: how the box is, and nothing else."""

from __future__ import annotations

from appliance.core.checkup import warn
from tests.tui import halls
from tests.tui.conftest import Console, drawn, log_in, press_for, until
from tests.tui.scripted_box import ScriptedBox
from tui.box_clock import BoxClock
from tui.check_lines import check_line
from tui.screens.doctor import DoctorScreen
from tui.screens.help import HelpScreen, HelpText
from tui.shift import Shift


async def test_a_technician_sees_the_box_and_asks_again(console: Console, box: ScriptedBox) -> None:
    box.role = "technician"
    box.gate = [
        {"name": "tpm", "status": "warn", "detail": "there is none", "advice": "Switch it on."},
        {"name": "disk", "status": "ok", "detail": "71 GB of 99 GB free", "advice": ""},
    ]
    async with console((80, 24)) as pilot:
        await log_in(pilot)
        await until(pilot, lambda: "fit for an exam. 1 thing to know." in drawn(pilot))
        assert isinstance(pilot.app.screen, DoctorScreen)
        words = drawn(pilot)
        assert words.index("there is none") < words.index("71 GB")
        assert "Switch it on." in words
        assert "Looked at 09:42:51." in words
        await press_for(pilot, "question_mark", HelpScreen)
        explained = " ".join(str(pilot.app.screen.query_one(HelpText).content).split())
        for told in ("in order", "to know", "Ask the box once more", "no name, no picture"):
            assert told in explained
        assert "hand raised" not in explained
        await press_for(pilot, "escape", DoctorScreen)
        box.gate[1] |= {"status": "fail", "advice": "Free room."}
        await pilot.press("escape", "r")
        await until(pilot, lambda: "1 thing is not in order." in drawn(pilot))
        box.refusals["/box/checkup"] = (503, "The box is busy.")
        await pilot.press("r")
        await until(pilot, lambda: "The box is busy." in drawn(pilot))
    asked = {path for _, path, _ in box.asked}
    assert not [path for path in asked if path.startswith("/exams")]


async def test_its_clock_goes_on(console: Console, box: ScriptedBox, shift: Shift) -> None:
    """A clock that stands still says that the console does."""
    box.role, now = "technician", [halls.NOW_MS]
    shift.clock = BoxClock(lambda: now[0])
    async with console((80, 24)) as pilot:
        await log_in(pilot)
        await until(pilot, lambda: "09:42:51" in drawn(pilot).partition("\n")[0])
        now[0] += 61_000
        await until(pilot, lambda: "09:43:52" in drawn(pilot).partition("\n")[0])


def test_a_command_with_a_path_of_the_box_stays_in_one_piece() -> None:
    """It is there to be copied, also at 80 columns."""
    command = "`/opt/hallvakt/current/firmware_scripts/make_pepper.sh`"
    check = warn("pepper", "in a file", f"Who takes the box can try. Run {command} once, as root.")
    assert command in check_line(check, letters=False, width=80).plain
