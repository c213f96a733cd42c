"""What somebody typed and the box did not get stands there the next time."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import Console, drawn, said, until
from tests.tui.scripted_box import ScriptedBox


async def _stands_there(pilot: Pilot[None]) -> str:
    """In the dialog that comes up now."""
    await until(pilot, lambda: bool(pilot.app.screen.query(Input)))
    return pilot.app.screen.query_one(Input).value


async def test_a_note_that_did_not_arrive_is_not_typed_twice(
    in_hall: Console, box: ScriptedBox
) -> None:
    box.refusals["/decision"] = (503, "The box is busy.")
    async with in_hall() as pilot:
        await pilot.press("c", "n", *"Two", "enter", "enter")
        await until(pilot, lambda: "The box is busy." in said(pilot))
        del box.refusals["/decision"]
        await pilot.press("c")
        assert await _stands_there(pilot) == "Two"
        await pilot.press("enter")
        await until(pilot, lambda: box.asked[-1][1].endswith("/decision"))
        assert box.asked[-1][2]["note"] == "Two"
        await until(pilot, lambda: "Needs eyes · 2" in drawn(pilot))
        await pilot.press("u")
        await until(pilot, lambda: "Needs eyes · 3" in drawn(pilot))
        await pilot.press("c")
        assert await _stands_there(pilot) == ""


async def test_nor_is_a_message_which_then_is_not_offered_for_another_seat(
    in_hall: Console, box: ScriptedBox
) -> None:
    box.refusals["/acts"] = (503, "The box is busy.")
    async with in_hall() as pilot:
        await pilot.press("m", *"Sit", "enter")
        await until(pilot, lambda: "The box is busy." in said(pilot))
        await pilot.press("m")
        assert await _stands_there(pilot) == "Sit"
        await pilot.press("escape", "right", "m")
        assert await _stands_there(pilot) == ""


async def test_nor_is_a_note_to_the_next_shift(in_hall: Console, box: ScriptedBox) -> None:
    box.refusals["/shift-notes"] = (503, "The box is busy.")
    async with in_hall() as pilot:
        await pilot.press("g", "w", "w", *"Fire", "enter")
        await until(pilot, lambda: "The box is busy." in said(pilot))
        await pilot.press("w")
        assert await _stands_there(pilot) == "Fire"
