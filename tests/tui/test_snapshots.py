"""Every screen in three sizes, as pictures to look at, and what its help says of its keys.
`--snapshot-update` accepts new pictures."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from appliance.core.feed import HallSnapshot
from tests.tui import halls
from tests.tui.conftest import Console, drawn, until
from tests.tui.pictured import every_screen, pictured, shown_in
from tests.tui.scenes import SCENES, Scene
from tests.tui.scripted_box import ScriptedBox
from tests.tui.three_sizes import SIZES, in_three_sizes, same_pictures, says_every_key

_HAVE_NO_HELP = ("help_screen", "palette")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_screen(
    scene: Scene, console: Console, box: ScriptedBox, snapshot: SnapshotAssertion
) -> None:
    async with console(SIZES[0]) as pilot:
        await scene(pilot, box)
        assert type(pilot.app.screen) is shown_in(scene.__name__)
        taken = await in_three_sizes(pilot)
        if scene.__name__ not in _HAVE_NO_HELP:
            await says_every_key(pilot)
    same_pictures(taken, snapshot)


def test_no_screen_is_without_its_picture() -> None:
    assert every_screen() == pictured([scene.__name__ for scene in SCENES])


@pytest.mark.parametrize("snapshot_of_hall", [halls.big_hall()], ids=["500"])
async def test_a_hall_of_500(
    snapshot_of_hall: HallSnapshot, in_hall: Console, snapshot: SnapshotAssertion
) -> None:
    async with in_hall(SIZES[0]) as pilot:
        await until(pilot, lambda: "500 recording" in drawn(pilot))
        taken = await in_three_sizes(pilot)
    same_pictures(taken, snapshot)
