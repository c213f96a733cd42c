"""A live view that the box refuses says the box's reason, in the reader's language."""

from __future__ import annotations

from functools import partial

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Console, drawn, press_for, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.live_view import LiveViewScreen
from tui.screens.login import LoginScreen

# What `services/live_view.py`, `services/channels.py` and `core/roles.py` refuse with.
REASONS = [
    (403, "This exam has no live view.", "Det här provet har ingen livebild."),
    (
        403,
        "This candidate is watched without a camera.",
        "Den här kandidaten har du uppsikt över utan kamera.",
    ),
    (409, "This candidate has no camera.", "Den här kandidaten har ingen kamera."),
    (409, "This attempt is over.", "Den här kandidaten är klar."),
    (
        403,
        "You have 12 live views open: close one first.",
        "Du har 12 livebilder öppna: stäng en först.",
    ),
    (
        409,
        "All 16 live views of this exam are open on consoles: ask a colleague to close one.",
        "Provets alla 16 livebilder visas redan på konsoler: be en kollega stänga en.",
    ),
    (
        503,
        "The live view relay is not running: tell the technician.",
        "Reläet för livebilder är inte igång: säg till teknikern.",
    ),
]


def is_drawn(pilot: Pilot[None], sentence: str) -> bool:
    return sentence in " ".join(drawn(pilot).split())


async def shown_after_l(
    in_hall: Console, box: ScriptedBox, told: list[tuple[int, str, str]]
) -> None:
    async with in_hall() as pilot:
        for status, said, read in told:
            box.refusals["/live"] = (status, said)
            if isinstance(pilot.app.screen, LiveViewScreen):
                await pilot.press("r")
            else:
                await press_for(pilot, "l", LiveViewScreen)
            await until(pilot, partial(is_drawn, pilot, read))


async def test_the_reason_is_said(in_hall: Console, box: ScriptedBox) -> None:
    await shown_after_l(in_hall, box, [(status, said, said) for status, said, _ in REASONS])


@pytest.mark.usefixtures("swedish")
async def test_the_reason_is_said_in_swedish(in_hall: Console, box: ScriptedBox) -> None:
    await shown_after_l(in_hall, box, REASONS)


async def test_a_login_that_ended_is_asked_for_again(in_hall: Console, box: ScriptedBox) -> None:
    box.refusals["/live"] = (401, "Your login has ended.")
    async with in_hall() as pilot:
        await pilot.press("l")
        await until(pilot, lambda: isinstance(pilot.app.screen, LoginScreen))
