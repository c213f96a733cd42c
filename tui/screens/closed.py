"""After close: what happened, and that this box can open nothing any more, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from appliance.core.exam import ExamState
from appliance.core.feed import ExamStatus
from appliance.core.roles import Action
from tui.language import text, tr
from tui.screens.base import ConsoleScreen
from tui.screens.close_out import CloseOutScreen
from tui.screens.paper_record import PaperRecordScreen
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.title_bar import TitleBar
from tui.words import time_of_day


class ClosedScreen(ConsoleScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "back", "to the exams"),
        Binding("p", "paper", "for the paper record"),
        Binding("o", "still_comes", "what still comes"),
    ]

    class Left(Message):
        pass

    def __init__(
        self, shift: Shift, exam: ExamStatus | None, report: Mapping[str, Any] | None, why: str
    ) -> None:
        super().__init__(shift)
        self._exam = exam
        self._report = report or {}
        self._why = why

    def compose(self) -> ComposeResult:
        yield TitleBar()
        with VerticalScroll(id="closed-place"), Vertical(id="closed") as panel:
            panel.border_title = tr("Closed")
            yield Static(self._text())
        yield KeyFooter()

    def on_mount(self) -> None:
        self.set_interval(1.0, self._show_title)
        self._show_title()

    def _show_title(self) -> None:
        title = self._exam.title if self._exam else ""
        self.query_one(TitleBar).show(title, self._exam, self.now_ms)

    def _text(self) -> Content:
        exam = self._exam
        title = tr("The exam is closed.")
        if exam:
            title = tr("“{title}” is closed.", title=exam.title)
        parts: list[tuple[str, str]] = [(f"{title}\n\n", "bold")]
        if self._why:
            parts.append((f"{self._why}\n\n", "$warning"))
        parts += [
            (
                tr("This box can no longer open a picture of it, for anybody.") + "\n",
                "bold $success",
            ),
            (
                tr(
                    "The key that could has been destroyed; what was recorded stays sealed and can "
                    "be opened only with a reviewer's key, somewhere else."
                )
                + "\n\n",
                "",
            ),
        ]
        if exam is not None and exam.late_until_ms is not None:
            until = time_of_day(exam.late_until_ms)
            late = tr("Computers that were cut off may still hand in until {time}.", time=until)
            parts.append((f"{late}\n\n", ""))
        parts += [(f"{label:<36}{value}\n", "$foreground") for label, value in _lines(self._report)]
        return Content.assemble(*parts)

    def action_paper(self) -> None:
        words, head = self._report.get("audit_words", ""), self._report["audit_head"]
        self.app.push_screen(PaperRecordScreen(str(words), str(head)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "paper":  # only who closed the exam was told the head of the log
            return bool(self._report.get("audit_head"))
        if action == "still_comes":
            exam = self._exam
            return exam is not None and self.shift.may(
                Action.CLOSE_OUT_SEE, replace(exam, state=ExamState.CLOSED)
            )
        return True

    def action_still_comes(self) -> None:
        if self._exam is not None:
            self.app.push_screen(CloseOutScreen(self.shift, self._exam.exam_id, None, None))

    def action_back(self) -> None:
        self.post_message(self.Left())


_LABELS = {
    "views_ended": text("live views ended"),
    "views_ended_s": text("live views and relay ended after"),
    "live_key_destroyed": text("live key destroyed"),
    "snippets": text("snippets kept, sealed"),
    "unanalysed": text("of these not analysed"),
    "attempts": text("candidates"),
    "incidents": text("incidents"),
    "undecided": text("of these left undecided"),
    "audit_words": text("audit log ends with (note it down)"),
    "audit_head": text("the same as digits"),
    "closed_ms": text("closed at"),
    "late_until_ms": text("late uploads are taken until"),
}
_LAST = {"audit_words": 1, "audit_head": 2}


def _lines(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The close report's plain values in words; what this console does not know keeps its name."""
    lines: list[tuple[str, str]] = []
    # What is noted on paper comes last, and the words before the digits.
    for name, value in sorted(report.items(), key=lambda item: _LAST.get(item[0], 0)):
        label = tr(_LABELS[name]) if name in _LABELS else name.replace("_", " ")
        if isinstance(value, bool):
            lines.append((label, tr("yes") if value else tr("no")))
        elif name.endswith("_ms") and isinstance(value, int):
            lines.append((label, time_of_day(value)))
        elif isinstance(value, float):
            lines.append((label, tr("{n} s", n=f"{value:.1f}")))
        elif isinstance(value, (int, str)) and name in _LABELS:
            lines.append((label, str(value)))
    return lines
