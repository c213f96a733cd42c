"""Every screen in three sizes, as pictures to look at. `--snapshot-update` accepts new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input

from appliance.core.exam import ExamState
from appliance.core.feed import HallSnapshot
from tests.tui import halls
from tests.tui.conftest import Console, drawn, hall_is_shown, log_in, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.live_view import LiveViewScreen
from tui.shift import Shift
from tui.widgets.picture import Picture

SIZES = [(80, 24), (120, 40), (200, 60)]
Scene = Callable[[Pilot[None], ScriptedBox], Awaitable[None]]


async def login(pilot: Pilot[None], _: ScriptedBox) -> None:
    await until(pilot, lambda: "Passphrase" in drawn(pilot))


async def hall(pilot: Pilot[None], _: ScriptedBox) -> None:
    await log_in(pilot)
    await until(pilot, lambda: hall_is_shown(pilot) and "eyes" in drawn(pilot))


async def hall_light(pilot: Pilot[None], box: ScriptedBox) -> None:
    pilot.app.theme = "hallvakt-light"
    await hall(pilot, box)


async def hall_contrast(pilot: Pilot[None], box: ScriptedBox) -> None:
    pilot.app.theme = "hallvakt-contrast"
    await hall(pilot, box)


async def queue(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("tab", "down")


async def link_lost(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    box.refusals["/feed"] = (503, "Restarting.")
    await box.cut_feeds()
    await until(pilot, lambda: "LINK TO THE BOX LOST" in drawn(pilot))


async def seat(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.query_one("#latest", Picture).shows_picture)
    await until(pilot, lambda: "2 faces in view" in drawn(pilot))


async def film_strip(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("o")
    await until(pilot, lambda: "snippet 249" in drawn(pilot))


async def live_ended(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("l")
    await until(pilot, lambda: isinstance(pilot.app.screen, LiveViewScreen))
    await until(pilot, lambda: "Nobody sends here." in drawn(pilot))


async def dismiss(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("d")


async def message(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("m", *"Hello")


async def find(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("slash", *"al")


async def close_first(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("C")


async def close_second(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("C", "y")


async def closed(pilot: Pilot[None], box: ScriptedBox) -> None:
    box.close_report = {
        "exam_id": halls.EXAM,
        "closed_ms": halls.NOW_MS,
        "late_until_ms": halls.NOW_MS + 3_600_000,
        "attempts": 30,
        "views_ended": 1,
        "views_ended_s": 0.4,
        "snippets": 7280,
        "unanalysed": 0,
        "incidents": 3,
        "undecided": 3,
        "live_key_destroyed": True,
        "audit_head": "5f3c9a10" * 8,
        "audit_words": "fused various papa bracelet dress guilt ajar smear",
    }
    await hall(pilot, box)
    await pilot.press("C", "y", *"k7m2qx", "enter")
    await until(pilot, lambda: "can no longer open" in drawn(pilot))


async def help_screen(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("question_mark")


async def check_in(pilot: Pilot[None], box: ScriptedBox) -> None:
    await box.tell(halls.exam(ExamState.OPEN))
    await log_in(pilot)
    await until(pilot, lambda: "Check-in is open" in drawn(pilot))


SCENES: list[Scene] = [
    login,
    hall,
    hall_light,
    hall_contrast,
    queue,
    link_lost,
    seat,
    film_strip,
    live_ended,
    dismiss,
    message,
    find,
    close_first,
    close_second,
    closed,
    help_screen,
    check_in,
]


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
