"""Detectors off and on at one seat: by letters, with a reason, for leads only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.core.accommodation import DETECTORS
from appliance.core.feed import SeatStatus
from appliance.core.processing import Category
from appliance.core.settings import Features
from tests.tui.conftest import Console, drawn, said, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.accommodation import AccommodationScreen, detectors
from tui.screens.menu import MenuScreen

ALL_ON = Features(video_snippets=True, audio_presence=True, track_misuse_metrics=True)


def _asked(box: ScriptedBox) -> list[Any]:
    return [(method, body) for method, path, body in box.asked if path.endswith("/accommodation")]


def _seat(box: ScriptedBox) -> SeatStatus:
    return next(seat for seat in box.view.seats.values() if seat.seat == "A3")


async def test_two_letters_and_a_reason_switch_detectors_off(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("a", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccommodationScreen))
        await pilot.press("v", "h", "enter", *"tic", "enter")
        await until(pilot, lambda: bool(_asked(box)))
        body = {"switched_off": ["head_pose", "sound_presence"], "reason": "tic"}
        assert _asked(box) == [("PUT", body)]
        await until(pilot, lambda: "Seat A3: from now on as you chose." in said(pilot))
        await until(pilot, lambda: "not looked for: voices and noise" in drawn(pilot))


async def test_what_is_off_is_switched_on_again_by_arrow_and_space(
    in_hall: Console, box: ScriptedBox
) -> None:
    await box.tell(replace(_seat(box), switched_off=frozenset({Category.DESCRIPTOR})))
    async with in_hall() as pilot:
        await pilot.press("a", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccommodationScreen))
        assert "○ likeness to the photo  off" in drawn(pilot)
        await pilot.press("down", "space")
        await until(pilot, lambda: "● likeness to the photo  on" in drawn(pilot))
        await pilot.press("enter", *"ok", "enter")
        await until(pilot, lambda: _asked(box) == [("PUT", {"switched_off": [], "reason": "ok"})])


async def test_nothing_changed_nothing_sent_and_what_goes_with_faces_is_said(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("a", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccommodationScreen))
        await pilot.press("f")
        await until(pilot, lambda: "Without faces, neither head nor likeness" in drawn(pilot))
        await pilot.press("f", "enter")
        await until(pilot, lambda: "Nothing is changed yet." in drawn(pilot))
        await pilot.press("f", "enter", "escape")  # left at the reason
        await pilot.pause()
        assert _asked(box) == []


async def test_only_a_lead_is_offered_it(in_hall: Console, box: ScriptedBox) -> None:
    box.role = "invigilator"
    async with in_hall() as pilot:
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))
        assert "detectors on or off" not in drawn(pilot)


async def test_in_swedish(in_hall: Console, swedish: None) -> None:
    async with in_hall() as pilot:
        await pilot.press("a", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccommodationScreen))
        words = drawn(pilot)
        assert "huvudets riktning  på" in words
        assert "vidare till skälet" in words


@pytest.mark.parametrize(
    ("features", "off", "shown"),
    [
        (ALL_ON, frozenset[Category](), DETECTORS),
        (Features(), frozenset[Category](), set()),
        (Features(video_snippets=True), frozenset[Category](), {Category.PICTURE_QUALITY}),
        (Features(), frozenset({Category.FACE_COUNT}), {Category.FACE_COUNT}),
    ],
)
def test_shown_is_what_the_exam_permits_and_what_is_off_already(
    features: Features, off: frozenset[Category], shown: set[Category]
) -> None:
    assert set(detectors(features, off)) == shown
