"""Why the exam is started although not all is ready: what that is, what to do, and one line."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from appliance.core.start_gate import GateReport
from tui.check_lines import check_line, worst_first
from tui.language import several, tr
from tui.screens.dialog import TypingDialog
from tui.widgets.field import Field
from tui.widgets.key_footer import KeyFooter

_LONGEST = 200
_FRAME = 6  # cells of border and padding beside the text


class StartReasonScreen(TypingDialog[str | None]):
    """Answers the reason, or None when left: then nothing has happened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "do not start"),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
    ]

    def __init__(self, report: GateReport, *, letters: bool) -> None:
        super().__init__()
        self._report = report
        self._letters = letters

    def compose(self) -> ComposeResult:
        many = len(self._report.not_ready)
        with Vertical(id="dialog", classes="-grave") as dialog:
            dialog.border_title = several(
                "{n} thing is not ready", "{n} things are not ready", many
            )
            with VerticalScroll(id="not-ready", can_focus=False):
                yield Static(id="not-ready-lines", markup=False)
            yield Static(
                tr(
                    "Put it right and start again, or write here why you start all the same. It "
                    "is written down with your name."
                ),
                id="why-start",
                markup=False,
            )
            yield Field(max_length=_LONGEST, id="answer", compact=True)
            yield Static("", id="dialog-says", markup=False)
        yield KeyFooter()

    def on_resize(self) -> None:
        lines = self.query_one("#not-ready-lines", Static)
        width = min(66, self.size.width * 94 // 100) - _FRAME
        lines.update(
            Content("\n").join(
                check_line(check, letters=self._letters, width=width)
                for check in worst_first(self._report.not_ready)
            )
        )

    def on_input_submitted(self) -> None:
        reason = self.query_one(Input).value.strip()
        if reason:
            self.dismiss(reason)
        else:
            self.query_one("#dialog-says", Static).update(
                tr("The exam has not started: a few words say why it may.")
            )

    def action_scroll(self, lines: int) -> None:
        self.query_one("#not-ready", VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_back(self) -> None:
        self.dismiss(None)
