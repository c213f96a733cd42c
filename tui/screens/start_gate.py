"""What must be right before the start: everything that was looked at, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.core.checkup import CheckStatus
from appliance.core.start_gate import GateReport
from tui.check_lines import check_line, worst_first
from tui.language import several, tr
from tui.screens.listing import ListingScreen
from tui.screens.start_reason import StartReasonScreen
from tui.shift import Shift
from tui.signs import Sign, check_signs

Start = Callable[[str], None]


class StartGateScreen(ListingScreen):
    """`start` is called with the reason for starting all the same, empty when none is needed.
    `again` asks the box once more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "start the exam", priority=True),
        Binding("r", "again", "look again"),
    ]

    def __init__(
        self, shift: Shift, report: GateReport, start: Start, again: Callable[[], None]
    ) -> None:
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

    def signs(self) -> Sequence[Sign]:
        return check_signs(letters=self.shift.letters)

    def show_report(self, report: GateReport) -> None:
        self._report = report
        heading, hint = _said(report)
        width, letters = self.size.width, self.shift.letters
        self.show_lines(
            [
                (check.name, check_line(check, letters=letters, width=width))
                for check in worst_first(report.checks)
            ],
            heading=heading,
            hint=hint,
        )

    def action_start(self) -> None:
        def started(reason: str | None) -> None:
            if reason is not None:
                self.dismiss(None)
                self._start(reason)

        if self._report.passed:
            started("")
        else:
            screen = StartReasonScreen(self._report, letters=self.shift.letters)
            self.app.push_screen(screen, started)

    def action_again(self) -> None:
        self._again()


def _said(report: GateReport) -> tuple[str, str]:
    """The line above the list and the line below it."""
    if not report.passed:
        many = len(report.not_ready)
        return (
            several("{n} thing is not ready.", "{n} things are not ready.", many),
            tr("Put it right and press r, or press enter and say why you start all the same."),
        )
    if all(check.status is CheckStatus.OK for check in report.checks):
        return tr("All is ready."), tr("enter starts the exam.")
    return tr("Ready, with something to know:"), tr("enter starts the exam.")
