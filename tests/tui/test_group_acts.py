"""One act for several seats that a person chose freely."""

from __future__ import annotations

from typing import Any

from tests.tui.conftest import Console, said, until
from tests.tui.scripted_box import ScriptedBox
from tui.shift import Shift


def _asked(box: ScriptedBox) -> list[Any]:
    return [body for _, path, body in box.asked if path.endswith(f"{box.view.exam.exam_id}/acts")]  # type: ignore[union-attr]


def _ids(box: ScriptedBox, *labels: str) -> list[str]:
    by_label = {seat.seat: attempt for attempt, seat in box.view.seats.items()}
    return [by_label[label] for label in labels]


async def test_seats_typed_by_hand(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("g", "b", "f", *"a1-a2,b3", "enter")
        await until(pilot, lambda: bool(_asked(box)))
        attempts = _ids(box, "A1", "A2", "B3")
        assert _asked(box) == [{"to": {"attempts": attempts}, "act": "break_start"}]


async def test_a_seat_that_is_not_there_is_said_and_nothing_is_done(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("g", "m", "f", *"a1,q9", "enter")
        await until(pilot, lambda: "No seat is called q9." in said(pilot))
        assert not _asked(box)


async def test_marked_seats(in_hall: Console, box: ScriptedBox, shift: Shift) -> None:
    async with in_hall() as pilot:
        await pilot.press("home", "space", "right", "space")
        assert list(shift.marked) == _ids(box, "A1", "A2")
        await pilot.press("g", "m", "m", *"hej", "enter")
        await until(pilot, lambda: bool(_asked(box)))
        to = {"attempts": _ids(box, "A1", "A2")}
        assert _asked(box) == [{"to": to, "act": "message", "text": "hej"}]
