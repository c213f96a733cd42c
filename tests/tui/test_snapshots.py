"""Every screen in three sizes, as pictures to look at. `--snapshot-update` accepts new ones."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input

from appliance.core.feed import HallSnapshot
from tests.tui import halls
from tests.tui.conftest import Console, drawn, log_in, until
from tests.tui.scenes import SCENES, Scene
from tests.tui.scripted_box import ScriptedBox
from tui.shift import Shift

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_screen(
    scene: Scene,
    size: tuple[int, int],
    console: Console,
    box: ScriptedBox,
    snapshot: SnapshotAssertion,
) -> None:
    async with console(size) as pilot:
        await scene(pilot, box)
        picture = await _still(pilot)
    assert picture == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_exam_choice(
    size: tuple[int, int],
    console: Console,
    box: ScriptedBox,
    shift: Shift,
    snapshot: SnapshotAssertion,
) -> None:
    shift.exam_code = ""
    async with console(size) as pilot:
        await log_in(pilot)
        await until(pilot, lambda: "Matematik 3c" in drawn(pilot))
        picture = await _still(pilot)
    assert picture == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("snapshot_of_hall", [halls.big_hall()], ids=["500"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_hall_of_500(
    size: tuple[int, int],
    snapshot_of_hall: HallSnapshot,
    in_hall: Console,
    snapshot: SnapshotAssertion,
) -> None:
    async with in_hall(size) as pilot:
        await until(pilot, lambda: "500 recording" in drawn(pilot))
        picture = await _still(pilot)
    assert picture == snapshot(extension_class=SVGImageExtension)


async def _still(pilot: Pilot[None]) -> str:
    """The screen once it has settled: no toast, no blinking cursor, the same picture twice."""
    pilot.app.clear_notifications()
    for box in pilot.app.screen.query(Input):
        box.cursor_blink = False
    before = ""
    for _ in range(50):
        await pilot.pause(0.05)
        now = drawn(pilot)
        if now == before:
            break
        before = now
    return pilot.app.export_screenshot()
