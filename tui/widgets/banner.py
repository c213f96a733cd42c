"""A line across the hall while something holds for all of it: a broken disk, locked, closing, not
started yet."""

from __future__ import annotations

from textual.content import Content

from appliance.core.disk import DiskState
from appliance.core.exam import ExamState
from appliance.core.feed import BoxStatus, ExamStatus
from tui.language import text, tr
from tui.widgets.steady_text import SteadyText
from tui.words import DISK

_LOCKED = text(
    "The box was restarted. Recording goes on, but it shows no pictures until somebody logs in "
    "again: press ctrl+l."
)
_ENDING = text("Closing: the box is finishing what it is looking at and destroying the key …")
_CHECK_IN = text("Check-in is open: nothing is recorded before the exam starts.")


class Banner(SteadyText):
    """Hidden while there is nothing to say."""

    def show(
        self, box: BoxStatus | None, exam: ExamStatus | None, *, ending: bool, may_start: bool
    ) -> None:
        locked = box is not None and not box.unlocked
        broken = box is not None and box.disk is not DiskState.OK
        line = ""
        if box is not None and broken:
            line = tr(DISK[box.disk])
        elif locked:
            line = tr(_LOCKED)
        elif ending:
            line = tr(_ENDING)
        elif exam is not None and exam.state is ExamState.OPEN:
            line = tr(_CHECK_IN) + (" " + tr("S starts it.") if may_start else "")
        self.say(Content(f" {line} "))
        self.display = bool(line)
        self.set_class(locked or broken, "-alarm")
