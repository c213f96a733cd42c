"""After close: what happened, and that this box can open nothing any more, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from appliance.core.feed import ExamStatus
from tui.screens.base import ConsoleScreen
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.title_bar import TitleBar
from tui.words import time_of_day


class ClosedScreen(ConsoleScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,escape", "back", "to the exams")]

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
            panel.border_title = "Closed"
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
        title = f"“{exam.title}” is closed." if exam else "The exam is closed."
        parts: list[tuple[str, str]] = [(f"{title}\n\n", "bold")]
        if self._why:
            parts.append((f"{self._why}\n\n", "$warning"))
        parts += [
            ("This box can no longer open a picture of it, for nobody.\n", "bold $success"),
            (
                "The key that could has been destroyed; what was recorded stays sealed and can be\n"
                "opened only with a reviewer's key, somewhere else.\n\n",
                "",
            ),
        ]
        if exam is not None and exam.late_until_ms is not None:
            until = time_of_day(exam.late_until_ms)
            parts.append((f"Computers that were cut off may still hand in until {until}.\n\n", ""))
        parts += [(f"{label:<36}{value}\n", "$foreground") for label, value in _lines(self._report)]
        return Content.assemble(*parts)

    def action_back(self) -> None:
        self.post_message(self.Left())


_LABELS = {
    "views_ended": "live views ended",
    "views_ended_s": "live views and relay ended after",
    "live_key_destroyed": "live key destroyed",
    "snippets": "snippets kept, sealed",
    "unanalysed": "of these not analysed",
    "attempts": "candidates",
    "incidents": "incidents",
    "undecided": "of these left undecided",
    "audit_words": "audit log ends with (note it down)",
    "audit_head": "the same as digits",
    "closed_ms": "closed at",
    "late_until_ms": "late uploads are taken until",
}
_LAST = {"audit_words": 1, "audit_head": 2}


def _lines(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The close report's plain values in words; what this console does not know keeps its name."""
    lines: list[tuple[str, str]] = []
    # What is noted on paper comes last, and the words before the digits.
    for name, value in sorted(report.items(), key=lambda item: _LAST.get(item[0], 0)):
        label = _LABELS.get(name, name.replace("_", " "))
        if isinstance(value, bool):
            lines.append((label, "yes" if value else "no"))
        elif name.endswith("_ms") and isinstance(value, int):
            lines.append((label, time_of_day(value)))
        elif isinstance(value, float):
            lines.append((label, f"{value:.1f} s"))
        elif isinstance(value, (int, str)) and name in _LABELS:
            lines.append((label, str(value)))
    return lines
