"""Frames of the evidence in the queue itself: only where somebody lingers."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Console, drawn, until
from tests.tui.scripted_box import ScriptedBox
from tui.app import ConsoleApp
from tui.widgets import evidence_strip
from tui.widgets.evidence_strip import EvidenceStrip


def looks(box: ScriptedBox) -> list[str]:
    return [path for _, path, _ in box.asked if "/film-strip" in path]


async def test_whoever_lingers_sees_frames_and_whoever_leaves_does_not(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_strip, "LINGER_S", 0.01)
    async with in_hall((80, 24)) as pilot:
        strip = pilot.app.screen.query_one(EvidenceStrip)
        assert not strip.display
        await pilot.press("tab")
        await until(pilot, lambda: strip.display and "▀" in drawn(pilot))
        assert "A3" in drawn(pilot)  # the entry itself is still to be seen
        assert len(looks(box)) == 1
        await pilot.press("down")
        await until(pilot, lambda: len(looks(box)) == 2 and "▀" in drawn(pilot))
        await pilot.press("tab")
        await until(pilot, lambda: not strip.display and "▀" not in drawn(pilot))


async def test_moving_on_fetches_nothing(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_strip, "LINGER_S", 60.0)
    async with in_hall() as pilot:
        await pilot.press("tab", "down", "down", "up", "tab")
        assert not looks(box)


async def test_what_is_asked_for_when_the_hall_is_just_left_is_no_fault_of_the_console(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_strip, "LINGER_S", 0.01)
    async with in_hall((80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        strip = app.screen.query_one(EvidenceStrip)
        app.shift.forget()  # first of all at a lock; the screen goes a moment later
        await pilot.press("tab")
        await until(pilot, lambda: bool(looks(box)))
        assert strip.is_attached
