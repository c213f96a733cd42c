"""The first line of every screen: what this is, which exam, how far it is, what time it is."""

from __future__ import annotations

from textual import events
from textual.content import Content

from appliance.core.exam import ExamState
from appliance.core.feed import ExamStatus
from tui.language import tr
from tui.widgets.steady_text import SteadyText
from tui.words import EXAM_STATE, fit, stopwatch, time_of_day


class TitleBar(SteadyText):
    """Call `show` whenever the exam or the time has changed."""

    _last: tuple[str, ExamStatus | None, int | None] | None = None

    def on_resize(self, _: events.Resize) -> None:
        if self._last is not None:
            self.show(*self._last)

    def show(self, title: str, exam: ExamStatus | None, now_ms: int | None) -> None:
        self._last = (title, exam, now_ms)
        width = self.content_size.width or self.app.size.width
        right = Content.assemble(*_right(exam, now_ms))
        box = fit(
            self.app.title, min(20, len(self.app.title))
        )  # the box's name, if one has several
        left_room = max(0, width - right.cell_length - len(box) - 5)
        self.say(
            Content.assemble(
                (f" {box} ", "bold $primary"),
                " ",
                (fit(title, left_room), "bold $foreground"),
                "  ",
                right,
            )
        )


def _right(exam: ExamStatus | None, now_ms: int | None) -> list[tuple[str, str]]:
    parts: list[tuple[str, str]] = []
    if exam is not None:
        live = exam.state is ExamState.LIVE
        parts.append((tr(EXAM_STATE[exam.state]), "bold $success" if live else "bold $warning"))
        if live and exam.started_ms is not None and now_ms is not None:
            ran = now_ms - exam.started_ms
            left = exam.duration_minutes * 60_000 - ran
            parts.append((f" {stopwatch(ran)}", "$foreground"))
            parts.append(
                (" · " + tr("{time} left", time=stopwatch(left)), "$faint")
                if left >= 0
                else (" · " + tr("{time} over time", time=stopwatch(-left)), "bold $warning")
            )
        parts.append(("  ", ""))
    if now_ms is not None:
        parts.append((f"{time_of_day(now_ms)} ", "$faint"))
    return parts
