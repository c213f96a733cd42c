"""The head of the audit log on the closed screen, read off it as a camera would."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from textual.widgets import Static

from appliance.adapters.crypto.head_words import head_words, noted_head
from appliance.core.exam import ExamState
from tests.tui import halls
from tests.tui.conftest import Console, drawn, until
from tests.tui.scenes import closed
from tests.tui.scripted_box import ScriptedBox
from tui.screens.closed import ClosedScreen
from tui.screens.paper_record import PaperRecordScreen, code_lines

HEAD = "5f3c9a10" * 8
_HALVES = {"█": (0, 0), "▀": (0, 255), "▄": (255, 0), " ": (255, 255)}


def scanned(lines: list[str]) -> str:
    rows = [[_HALVES[cell][half] for cell in line] for line in lines for half in (0, 1)]
    picture = np.kron(np.array(rows, dtype=np.uint8), np.ones((8, 8), dtype=np.uint8))
    return cv2.QRCodeDetector().detectAndDecode(np.pad(picture, 32, constant_values=255))[0]


@pytest.mark.parametrize("head", [HEAD, "00" * 32, "ff" * 32, "0123456789abcdef" * 4])
def test_the_code_says_the_head(head: str) -> None:
    lines = code_lines(head)
    assert (len(lines), {len(line) for line in lines}) == (17, {33})
    assert noted_head(scanned(lines)) == bytes.fromhex(head)
    assert head_words(bytes.fromhex(head)).count(" ") == 7


async def test_a_key_shows_it_whole_in_the_smallest_terminal(
    console: Console, box: ScriptedBox
) -> None:
    async with console((80, 24)) as pilot:
        await closed(pilot, box)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, PaperRecordScreen))
        await until(pilot, lambda: "bracelet" in drawn(pilot))
        code = pilot.app.screen.query_one("#paper-code", Static)
        area = code.region
        seen = drawn(pilot).splitlines()[area.y : area.bottom]
        assert area.height == 17  # nothing of it is scrolled away
        assert scanned([line[area.x : area.right].ljust(33) for line in seen]) == HEAD.upper()
        for word in ("fused", "smear", HEAD[:16]):
            assert word in drawn(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ClosedScreen)


async def test_who_did_not_close_the_exam_has_no_head_to_show(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await box.tell(halls.exam(ExamState.CLOSED))
        await until(pilot, lambda: isinstance(pilot.app.screen, ClosedScreen))
        await pilot.press("p")
        assert isinstance(pilot.app.screen, ClosedScreen)
