"""What is looked at on every screen: its picture in three sizes, and what its help says."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from tests.tui.conftest import until
from tui.keys import working_keys
from tui.screens.help import HelpScreen, HelpText

# The largest first: what a picture waits for is then there already in the others.
SIZES = [(200, 60), (120, 40), (80, 24)]


async def says_every_key(pilot: Pilot[None]) -> None:
    keys = working_keys(pilot.app.screen)
    assert {"help"} <= {key.action.removeprefix("app.") for key in keys}
    await pilot.press("f1" if isinstance(pilot.app.focused, Input) else "question_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
    says = " ".join(str(pilot.app.screen.query_one(HelpText).content).split())
    assert [k for k in keys if k.sentence not in says or k.name not in says] == []


async def in_three_sizes(pilot: Pilot[None], name: str = "") -> dict[str, str]:
    """The picture of the screen in each size, by `name` and size."""
    taken = {}
    for width, height in SIZES:
        await _resized(pilot, width, height)
        taken[f"{name} {width}x{height}".strip()] = await _still(pilot)
    return taken


async def _resized(pilot: Pilot[None], width: int, height: int) -> None:
    """An app passes a new size on by a timer: on a busy machine it is not there when the pilot has
    paused, nor is the picture that is then scaled to it."""
    await pilot.resize_terminal(width, height)
    await until(pilot, lambda: pilot.app.screen.size == (width, height))


async def _still(pilot: Pilot[None]) -> str:
    """The screen once it has settled: no toast, no blinking cursor, the same picture twice, colours
    included: of one in half blocks nothing else changes."""
    pilot.app.clear_notifications()
    for box in pilot.app.screen.query(Input):
        box.cursor_blink = False
    before: list[Strip] = []
    for _ in range(50):
        await pilot.pause(0.05)
        now = pilot.app.screen._compositor.render_strips()
        if now == before:
            break
        before = now
    return pilot.app.export_screenshot()


def same_pictures(taken: Mapping[str, str], snapshot: SnapshotAssertion) -> None:
    """All are compared, and written with `--snapshot-update`, before any is complained of."""
    same = {
        size: picture == snapshot(name=size, extension_class=SVGImageExtension)
        for size, picture in taken.items()
    }
    assert all(same.values()), f"not what was looked at, --snapshot-update accepts it: {same}"
