"""What must be right before the start. Shown only when there is something to say."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from appliance.core.checkup import Check, CheckStatus
from appliance.core.start_gate import GateReport
from tui.language import several, text, tr
from tui.screens.ask_text import AskTextScreen
from tui.screens.listing import ListingScreen
from tui.shift import Shift
from tui.told import told
from tui.words import fit

_NAMES = {
    "roster": text("roster"),
    "halls": text("halls"),
    "disk": text("disk"),
    "clock": text("clock"),
    "certificate": text("certificate"),
    "models": text("models"),
    "media workers": text("media workers"),
    "relay": text("relay"),
    "backlog": text("backlog"),
    "night": text("night"),
    "pepper": text("pepper"),
}
_MARKS = {
    CheckStatus.OK: ("✓", "+", "$success"),
    CheckStatus.WARN: ("▲", "!", "bold $warning"),
    CheckStatus.FAIL: ("✗", "X", "bold $error"),
}

_NAME_WIDTH = 16

Start = Callable[[str], None]


def check_name(check: Check) -> str:
    return tr(_NAMES.get(check.name, check.name))


class StartGateScreen(ListingScreen):
    """`start` is called with the reason for starting all the same, empty when none is needed;
    None where this person may look only. `again` asks the box once more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "start the exam", priority=True),
        Binding("o", "override", "start all the same"),
        Binding("r", "again", "look again"),
    ]

    def __init__(self, shift: Shift, report: GateReport, start: Start, again: Start) -> None:
        super().__init__(shift)
        self._report = report
        self._start = start
        self._again = again

    def on_mount(self) -> None:
        super().on_mount()
        self.show_title(tr("Before the start"))
        self.show_report(self._report)

    def on_resize(self) -> None:
        self.show_report(self._report)

    def show_report(self, report: GateReport) -> None:
        self._report = report
        failed = sum(1 for check in report.checks if check.status is CheckStatus.FAIL)
        if failed:
            heading = several("{n} thing is not ready.", "{n} things are not ready.", failed)
            hint = tr("Put it right and press r, or press o and say why you start all the same.")
        else:
            heading = tr("Ready, with something to know:")
            hint = tr("enter starts the exam.")
        worst_first = sorted(
            report.checks, key=lambda check: -list(CheckStatus).index(check.status)
        )
        self.show_lines(
            [(check.name, self._line(check)) for check in worst_first],
            heading=heading,
            hint=hint,
        )
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "start":
                return self._report.passed
            case "override":
                return not self._report.passed
        return True

    def _line(self, check: Check) -> Content:
        return check_line(check, letters=self.shift.letters, width=self.size.width)

    def action_start(self) -> None:
        self.dismiss(None)
        self._start("")

    def action_override(self) -> None:
        def why(reason: str | None) -> None:
            if reason is not None:
                self.dismiss(None)
                self._start(reason)

        self.app.push_screen(
            AskTextScreen(
                tr("Start all the same"),
                tr("Why? It is written down with your name."),
                grave=True,
            ),
            why,
        )

    def action_again(self) -> None:
        self._again("")


def check_line(check: Check, *, letters: bool, width: int) -> Content:
    """A check with its mark, name, what was found and what to do, for a list `width` wide."""
    glyph, letter, tone = _MARKS[check.status]
    room = max(30, width - _NAME_WIDTH - 8)
    detail, advice = (wrap(told(said), room) or [""] for said in (check.detail, check.advice))
    margin = "\n" + " " * (_NAME_WIDTH + 3)
    return Content.assemble(
        (f" {letter if letters else glyph} ", tone),
        (fit(check_name(check), _NAME_WIDTH), "bold"),
        margin.join(detail),
        (margin + margin.join(advice) if check.advice else "", "$faint"),
    )
