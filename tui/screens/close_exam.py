"""Closing asks twice: first what will happen and who is still sitting, then the exam's code."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill

from textual.content import Content

from appliance.core.attempt import FINISHED, AttemptState
from appliance.core.feed import ExamStatus, HallView, SeatStatus
from tui.language import several, tr
from tui.letters import sign
from tui.queue_entries import waiting
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen

_LISTED = 24
_WIDTH = 60  # of the dialog's text


def first_question(exam: ExamStatus, view: HallView, *, letters: bool) -> AskYesScreen:
    """What closing does, what it ends for good, and every seat that is still open."""
    open_seats = [
        seat
        for seat in view.seats.values()
        if seat.state not in FINISHED and seat.state is not AttemptState.EXPECTED
    ]
    undecided = len(waiting(view))
    parts: list[tuple[str, str]] = [
        (tr("Close “{title}”?", title=exam.title) + "\n\n", "bold"),
        (tr("This cannot be undone:") + "\n", "bold $error"),
        (" · " + tr("the key that opens pictures is destroyed, here and for everybody") + "\n", ""),
        (" · " + tr("open live views end and the relay stops") + "\n", ""),
        (
            " · " + tr("nothing can be confirmed or dismissed at this console any more") + "\n\n",
            "",
        ),
        (tr("What was recorded stays, sealed; only a reviewer's key opens it.") + "\n\n", "$faint"),
    ]
    if undecided:
        waits = several(
            "{n} incident waits for your decision.",
            "{n} incidents wait for your decision.",
            undecided,
        )
        parts.append((f"{sign('▲', letters=letters)} {waits}\n", "bold $warning"))
    if open_seats:
        sitting = several(
            "{n} seat has not handed in yet:", "{n} seats have not handed in yet:", len(open_seats)
        )
        parts += [
            (f"{sign('●', letters=letters)} {sitting}\n", "bold $warning"),
            (f"   {_names(open_seats)}\n", "$foreground"),
            (
                fill(
                    tr("What is still on their computers is taken for a while after closing."),
                    _WIDTH,
                    initial_indent="   ",
                    subsequent_indent="   ",
                )
                + "\n",
                "$faint",
            ),
        ]
    else:
        done = tr("Everybody has handed in.")
        parts.append((f"{sign('✓', letters=letters)} {done}\n", "$success"))
    return AskYesScreen(tr("Close the exam (1 of 2)"), Content.assemble(*parts), grave=True)


def second_question(exam: ExamStatus) -> AskTextScreen:
    """Typing the code keeps a cat on the keyboard from closing an exam."""
    return AskTextScreen(
        tr("Close the exam (2 of 2)"),
        tr("Type the exam's code, {code}, to close it for good.", code=exam.code),
        longest=12,
        expected=exam.code,
        grave=True,
    )


def _names(seats: Iterable[SeatStatus]) -> str:
    labels = sorted(seat.seat for seat in seats)
    more = len(labels) - _LISTED
    listed = ", ".join(labels[:_LISTED])
    return tr("{seats} and {n} more", seats=listed, n=more) if more > 0 else listed
