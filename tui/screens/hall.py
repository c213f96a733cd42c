"""The main screen: the hall as a plan, what needs eyes, and the seat under the cursor."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from appliance.core.exam import IN_SESSION, ExamState
from appliance.core.roles import Action
from tui.feed_link import Link
from tui.hall_filter import EVERYTHING
from tui.hall_watch import Changes
from tui.language import several, text, tr
from tui.problems import LoginEnded
from tui.queue_entries import reasons
from tui.screens.base import LoginWanted
from tui.screens.close_exam import first_question, second_question
from tui.screens.hall_menu import HALL_MENU
from tui.screens.hall_queue import HallQueueScreen
from tui.screens.hall_views import VIEWS
from tui.screens.more_acts import MORE
from tui.screens.seat import SeatScreen
from tui.screens.seat_acts import ACTS, DECISIONS, LOOKS
from tui.seat_look import counts
from tui.sentences import why_of
from tui.shift import Shift
from tui.widgets.banner import Banner
from tui.widgets.count_line import CountLine
from tui.widgets.evidence_strip import EvidenceStrip
from tui.widgets.incident_queue import IncidentQueue
from tui.widgets.key_footer import KeyFooter
from tui.widgets.news_line import NewsLine
from tui.widgets.seat_board import SeatBoard
from tui.widgets.seat_card import SeatCard
from tui.widgets.status_line import StatusLine
from tui.widgets.title_bar import TitleBar
from tui.words import NOTICES_MAY_BE_MISSING, span

_ONCE_MORE_WITHIN_MS = 4_000


class HallScreen(HallQueueScreen, inherit_bindings=False):
    """Follows `shift.watch`; posts `Closed` when the exam is no longer in session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "look", "look", tooltip=text("Look at the seat under the cursor")),
        *LOOKS,
        *DECISIONS,
        *ACTS[:2],
        MORE,
        HALL_MENU,
        *VIEWS[:1],
        Binding(
            "tab,shift+tab",
            "other_side",
            "map/queue",
            tooltip=text("Go to the queue and back to the seats"),
        ),
        *VIEWS[1:],
        Binding("S", "start_exam", "start exam", tooltip=text("Start the exam: recording begins")),
        Binding(
            "C", "close_exam", "close exam", tooltip=text("Close the exam for good (asks twice)")
        ),
        *ACTS[2:],
        Binding(
            "escape",
            "leave",
            "leave the hall",
            tooltip=text("All seats again; twice: back to the exams"),
        ),
    ]

    class Closed(Message):
        """`report` is the box's close report when this console closed the exam."""

        def __init__(self, report: dict[str, Any] | None, why: str = "") -> None:
            super().__init__()
            self.report = report
            self.why = why

    class Left(Message):
        pass

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift)
        self._link_lost_ms: int | None = None
        self._ending_exam = False
        self._report: dict[str, Any] | None = None
        self._gone = False
        self._may_leave_until_ms = 0

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield CountLine()
        yield Banner(markup=False)
        with Horizontal(id="hall"):
            yield SeatBoard(
                lambda: self.now_ms,
                self.newest_picture,
                letters=self.shift.letters,
                drawing=self.shift.drawing,
                chosen=self.shift.chosen,
            )
            with Vertical(id="side"):
                yield IncidentQueue(letters=self.shift.letters, id="queue")
                yield EvidenceStrip(self.frames)
                yield SeatCard(id="card")
        yield NewsLine(markup=False)
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.board.hide_names(self.shift.names_hidden)
        self.follow(self._changed)
        self.set_interval(1.0, self._tick)
        self.board.focus_view()
        self._changed(Changes(everything=True, link=True))
        self.run_worker(self.hall.run(), group="feed")

    # the hall changes

    def _changed(self, changes: Changes) -> None:
        view = self.hall.view
        if changes.ended is not None:
            self._ended(changes)
            return
        why = reasons(view)
        if changes.everything:
            self.board.show(view.seats, why, start=next(iter(why), None))
        elif changes.incidents:
            self.board.show(view.seats, why, changed=set(view.seats))
        elif changes.seats:
            self.board.show(view.seats, why, changed=changes.seats)
        self.hear_hands(changes)
        if changes.link and self.hall.link is Link.LOST and self._link_lost_ms is None:
            self._link_lost_ms = self.now_ms
        if changes.caught_up is not None:
            self._caught_up(nothing_missed=changes.caught_up)
        for announcement in changes.announcements:
            self.query_one(NewsLine).hear(announcement, self.now_ms)
        self._show_lines()
        if changes.everything or changes.incidents or self.acted_touched(changes):
            self.refresh_bindings()
        exam = view.exam
        if exam is not None and exam.state not in IN_SESSION and not self._ending_exam:
            self._go_to_closed()

    def acted_touched(self, changes: Changes) -> bool:
        return self.board.selected in changes.seats

    def _caught_up(self, *, nothing_missed: bool) -> None:
        lost_ms, self._link_lost_ms = self._link_lost_ms, None
        # A box that stood still for a while is back in the moment in which that is noticed.
        gone_s = (self.now_ms - lost_ms) / 1000 if lost_ms is not None else 0.0
        away = span(gone_s) if gone_s >= 1 else ""
        if nothing_missed:
            after = tr("The link to the box is back after {time}; nothing was missed.", time=away)
            self.say(after if away else tr("The link to the box is back; nothing was missed."))
            return
        back = tr("The link to the box is back after {time}.", time=away) + " " if away else ""
        self.say(back + tr(NOTICES_MAY_BE_MISSING))

    def _ended(self, changes: Changes) -> None:
        error = changes.ended
        if isinstance(error, LoginEnded):
            self.post_message(LoginWanted(error.message))
        elif not self._ending_exam:
            self._go_to_closed(error.message if error else "")

    def _go_to_closed(self, why: str = "") -> None:
        if not self._gone:
            self._gone = True
            self.post_message(self.Closed(self._report, why))

    def _tick(self) -> None:
        if self.is_current:
            self.board.tick()
            self._show_lines()

    def _show_lines(self) -> None:
        view, now = self.hall.view, self.now_ms
        title = view.exam.title if view.exam else "…"
        self.query_one(TitleBar).show(title, view.exam, now)
        self.query_one(CountLine).show(counts(view.seats.values(), now), letters=self.shift.letters)
        self.show_queue()
        lost = span((now - self._link_lost_ms) / 1000) if self._link_lost_ms is not None else ""
        live_views = view.exam is None or view.exam.features.live_view
        status = self.query_one(StatusLine)
        status.show(view.box, self.hall.link, lost, live_views=live_views)
        self.show_card()
        self._show_banner()
        self.query_one(NewsLine).show(view.seats, now)

    def show_card(self) -> None:
        incident, seat = self.acted_incident(), self.acted_seat()
        self.query_one(SeatCard).show(
            seat,
            self.now_ms,
            place=self.shift.place(seat),
            names_hidden=self.shift.names_hidden,
            letters=self.shift.letters,
            extra=why_of(incident) if incident is not None else "",
        )

    def _show_banner(self) -> None:
        view, exam = self.hall.view, self.exam
        may_start = exam is not None and self.shift.may(Action.EXAM_START, exam)
        self.query_one(Banner).show(view.box, exam, ending=self._ending_exam, may_start=may_start)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        exam = self.exam
        if action == "start_exam":
            return exam is not None and self.shift.may(Action.EXAM_START, exam)
        if action == "close_exam":
            return exam is not None and self.shift.may(Action.EXAM_CLOSE, exam)
        return super().check_action(action, parameters)

    def on_seat_board_moved(self) -> None:
        self.show_card()
        self.refresh_bindings()

    def on_seat_board_opened(self) -> None:
        self.action_look()

    def action_look(self) -> None:
        seat = self.acted_seat()
        if seat is not None:
            self.action_seen()
            self.app.push_screen(SeatScreen(self.shift, seat.attempt_id))

    def action_start_exam(self) -> None:
        self.request(self.start_through_gate(), group="state")

    async def start_exam(self, override: str) -> None:
        # Counted before: those who are here record from the start on.
        here = sum(1 for s in self.hall.view.seats.values() if s.state.value == "checked_in")
        await self.shift.client.change_state(self.hall.exam_id, ExamState.LIVE, override)
        self.say(
            several(
                "The exam has started; {n} candidate is checked in.",
                "The exam has started; {n} candidates are checked in.",
                here,
            )
        )

    def action_close_exam(self) -> None:
        exam = self.exam
        if exam is None:
            return

        def twice(code: str | None) -> None:
            if code is not None:
                self.request(self._close(), group="state")

        def once(yes: bool | None) -> None:
            if yes:
                self.app.push_screen(second_question(exam), twice)

        def ask() -> None:
            first = first_question(exam, self.hall.view, letters=self.shift.letters)
            self.app.push_screen(first, once)

        self.request(self.look_before_close(ask), group="close")

    async def _close(self) -> None:
        self._ending_exam = True
        self._show_banner()
        try:
            self._report = await self.shift.client.change_state(self.hall.exam_id, ExamState.CLOSED)
        finally:
            self._ending_exam = False
            self._show_banner()
            exam = self.exam
            if self._report is not None or (exam is not None and exam.state not in IN_SESSION):
                self._go_to_closed()

    def action_leave(self) -> None:
        """One step back. Who presses a key too many out of a dialog must not lose sight of the
        hall: leaving it takes two."""
        if self.shift.chosen != EVERYTHING:
            self.choose(EVERYTHING)
        elif self.queue.has_focus_within:
            self.board.focus_view()
        elif self._may_leave_until_ms < self.now_ms:
            self._may_leave_until_ms = self.now_ms + _ONCE_MORE_WITHIN_MS
            self.say(tr("Press esc once more to leave the hall."))
        else:
            self.post_message(self.Left())
