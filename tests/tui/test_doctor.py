"""The technician's screen: how the box is, and nothing else."""

from __future__ import annotations

from tests.tui.conftest import Console, drawn, log_in, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.doctor import DoctorScreen


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
        box.gate[1] |= {"status": "fail", "advice": "Free room."}
        await pilot.press("escape", "r")
        await until(pilot, lambda: "1 thing is not in order." in drawn(pilot))
        box.refusals["/box/checkup"] = (503, "The box is busy.")
        await pilot.press("r")
        await until(pilot, lambda: "The box is busy." in drawn(pilot))
    asked = {path for _, path, _ in box.asked}
    assert not [path for path in asked if path.startswith("/exams")]
