"""Which exam? What state each is in, and what can be done with it now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION, ExamState
from appliance.core.feed import ExamStatus
from appliance.core.roles import Action
from tui.language import text, tr
from tui.screens.base import ConsoleScreen
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.title_bar import TitleBar
from tui.words import EXAM_STATE, ROLE, fit

_ORDER = list(ExamState)
_ASK_AGAIN_S = 4.0
_HINT = {
    ExamState.DRAFT: text("R makes it ready: the settings freeze then"),
    ExamState.READY: text("O opens it: candidates can check in then"),
    ExamState.OPEN: text("enter goes into the hall; S starts recording"),
    ExamState.LIVE: text("enter goes into the hall"),
    ExamState.CLOSED: text("closed: this box can open nothing of it any more"),
    ExamState.ARCHIVED: text("stored away; a reviewer's key opens the archive"),
    ExamState.PURGED: text("gone, as its retention says"),
}
_LEAD_ONLY = frozenset({ExamState.DRAFT, ExamState.READY})


class ExamChoiceScreen(ConsoleScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "into the hall", priority=True),
        Binding("R", "become('ready')", "make ready"),
        Binding("O", "become('open')", "open check-in"),
        Binding("S", "become('live')", "start exam"),
    ]

    class Chosen(Message):
        def __init__(self, exam: ExamStatus) -> None:
            super().__init__()
            self.exam = exam

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift)
        self._exams: tuple[ExamStatus, ...] = ()
        self._title_width = 0

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Static("", id="choice-who")
        exams = OptionList(id="exams")
        exams.border_title = tr("Exams")
        yield exams
        yield Static("", id="choice-hint")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.set_interval(1.0, self._show_time)
        self.set_interval(_ASK_AGAIN_S, self._ask)
        self.query_one("#exams").focus()
        self._ask()

    def on_screen_resume(self) -> None:
        self._show_time()
        self._ask()

    def on_resize(self) -> None:
        if self._exams:
            self._show(self._exams)

    def _ask(self) -> None:
        if self.is_current:
            self.request(self._load(), group="exams")

    async def _load(self) -> None:
        exams = await self.shift.client.exams()
        ordered = sorted(
            exams, key=lambda e: (e.state not in IN_SESSION, _ORDER.index(e.state), e.title)
        )
        self._show(tuple(ordered))
        wanted = [e for e in ordered if e.code.casefold() == self.shift.exam_code.casefold()]
        if wanted and wanted[0].state in IN_SESSION:
            self.shift.exam_code = ""
            self.post_message(self.Chosen(wanted[0]))

    def refused(self, error: HallvaktError) -> None:
        self.query_one("#choice-hint", Static).update(
            Content.styled(f" {error.message}", "bold $error")
        )

    def _show(self, exams: tuple[ExamStatus, ...]) -> None:
        listing = self.query_one("#exams", OptionList)
        width = max(20, self.size.width - 38)  # of a title
        if (exams, width) != (self._exams, self._title_width) or not listing.option_count:
            before = self._selected()
            self._exams, self._title_width = exams, width
            listing.clear_options()
            listing.add_options([Option(_line(exam, width), id=exam.exam_id) for exam in exams])
            ids = [exam.exam_id for exam in exams]
            if ids:
                known = before is not None and before.exam_id in ids
                listing.highlighted = ids.index(before.exam_id) if before and known else 0
        self._show_hint()

    def _selected(self) -> ExamStatus | None:
        at = self.query_one("#exams", OptionList).highlighted
        return self._exams[at] if at is not None and at < len(self._exams) else None

    def on_option_list_option_highlighted(self) -> None:
        self._show_hint()

    def _show_hint(self) -> None:
        exam = self._selected()
        hint = tr("No exams on this box. Make one with `hallvakt exam create`.")
        if exam is not None:
            hint = tr(_HINT[exam.state])
            if exam.state in _LEAD_ONLY and not self.shift.may(Action.EXAM_CREATE, exam):
                hint = tr("the lead invigilator opens it")
        self.query_one("#choice-hint", Static).update(Content.styled(f" {hint}", "$faint"))
        self.refresh_bindings()

    def _show_time(self) -> None:
        self.query_one(TitleBar).show(tr("Choose an exam"), None, self.now_ms)
        login = self.shift.client.login_reply
        if login is not None:
            self.query_one("#choice-who", Static).update(
                Content.styled(f" {self.shift.user}, {tr(ROLE[login.role])}", "$faint")
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        exam = self._selected()
        if action == "choose":
            return exam is not None and exam.state in IN_SESSION
        if action == "become":
            needed = {
                "ready": Action.EXAM_READY,
                "open": Action.EXAM_OPEN,
                "live": Action.EXAM_START,
            }[str(parameters[0])]
            return exam is not None and self.shift.may(needed, exam)
        return True

    def action_choose(self) -> None:
        exam = self._selected()
        if exam is not None:
            self.post_message(self.Chosen(exam))

    def action_become(self, state: str) -> None:
        exam = self._selected()
        if exam is not None:
            self.request(self._become(exam, ExamState(state)), group="state")

    async def _become(self, exam: ExamStatus, state: ExamState) -> None:
        await self.shift.client.change_state(exam.exam_id, state)
        self.say(f"{exam.title}: {tr(EXAM_STATE[state])}.")
        await self._load()


def _line(exam: ExamStatus, width: int) -> Content:
    in_session = exam.state in IN_SESSION
    return Content.assemble(
        (fit(exam.title, width), "bold" if in_session else ""),
        ("  "),
        (fit(exam.code, 8), "$faint"),
        "  ",
        (fit(tr(EXAM_STATE[exam.state]), 20), "bold $success" if in_session else "$faint"),
    )
