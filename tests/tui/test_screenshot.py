"""The picture for the README: the real hall, no names, no pictures of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.core.errors import NotFound
from tests.tui.scripted_box import ScriptedBox
from tui.screenshot import take_screenshot
from tui.shift import Shift


async def test_it_shows_the_hall_and_no_name(
    box: ScriptedBox, shift: Shift, tmp_path: Path
) -> None:
    file = tmp_path / "console.svg"
    await take_screenshot(shift, "right horse", file, size=(120, 40))
    svg = file.read_text("utf-8")
    assert "Matematik" in svg
    assert "A3" in svg
    assert not [s.name for s in box.view.seats.values() if s.name and s.name.split()[0] in svg]
    assert not [path for _, path, _ in box.asked if "thumbnail" in path]


async def test_an_unknown_exam_is_said(shift: Shift, tmp_path: Path) -> None:
    shift.exam_code = "XXXXXX"
    with pytest.raises(NotFound, match="XXXXXX"):
        await take_screenshot(shift, "right horse", tmp_path / "console.svg")
