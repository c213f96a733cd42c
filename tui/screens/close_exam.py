"""Closing asks twice: first what will happen and who is still sitting, then the exam's code."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from appliance.core.attempt import FINISHED, AttemptState
from appliance.core.feed import ExamStatus, HallView, SeatStatus
from tui.queue_entries import waiting
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen
from tui.words import count

_LISTED = 24


def first_question(exam: ExamStatus, view: HallView) -> AskYesScreen:
    """What closing does, what it ends for good, and every seat that is still open."""
    open_seats = [
        seat
        for seat in view.seats.values()
        if seat.state not in FINISHED and seat.state is not AttemptState.EXPECTED
    ]
    undecided = len(waiting(view))
    parts: list[tuple[str, str]] = [
        (f"Close “{exam.title}”?\n\n", "bold"),
        ("This cannot be undone:\n", "bold $error"),
        (" · the key that opens pictures is destroyed, here and for everybody\n", ""),
        (" · open live views end and the relay stops\n", ""),
        (" · nothing can be confirmed or dismissed at this console any more\n\n", ""),
        ("What was recorded stays, sealed; only a reviewer's key opens it.\n\n", "$faint"),
    ]
    if undecided:
        how_many = count(undecided, "incident waits", "incidents wait")
        parts.append((f"▲ {how_many} for your decision.\n", "bold $warning"))
    if open_seats:
        sitting = count(len(open_seats), "seat has", "seats have")
        parts += [
            (f"● {sitting} not handed in yet:\n", "bold $warning"),
            (f"   {_names(open_seats)}\n", "$foreground"),
            ("   What is still on their computers is taken for a while after closing.\n", "$faint"),
        ]
    else:
        parts.append(("✓ Everybody has handed in.\n", "$success"))
    return AskYesScreen("Close the exam (1 of 2)", Content.assemble(*parts), grave=True)


def second_question(exam: ExamStatus) -> AskTextScreen:
    """Typing the code keeps a cat on the keyboard from closing an exam."""
    return AskTextScreen(
        "Close the exam (2 of 2)",
        f"Type the exam's code, {exam.code}, to close it for good.",
        longest=12,
        expected=exam.code,
        grave=True,
    )


def _names(seats: Iterable[SeatStatus]) -> str:
    labels = sorted(seat.seat for seat in seats)
    more = len(labels) - _LISTED
    return ", ".join(labels[:_LISTED]) + (f" and {more} more" if more > 0 else "")
