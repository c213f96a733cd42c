"""Every seat that is still open, with why: before a close, and what still comes after it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from appliance.core.close_out import CloseOut, OpenSeat, WhyOpen
from appliance.core.exam import IN_SESSION
from appliance.core.ids import AttemptId, ExamId
from tui.language import several, text, tr
from tui.screens.ask_text import AskTextScreen
from tui.screens.listing import ListingScreen
from tui.seat_place import shared_labels
from tui.shift import Shift
from tui.words import fit, stopwatch, time_of_day

_ASK_AGAIN_S = 3.0
_ROOMY = 100  # cells; on fewer the columns are narrower, so that a seat stays one line
WHY = {
    WhyOpen.LINK_LOST: text("link lost"),
    WhyOpen.ON_BREAK: text("on break"),
    WhyOpen.WRITING: text("has not handed in"),
    WhyOpen.SENDING: text("still sending"),
    WhyOpen.SILENT: text("page is silent"),
    WhyOpen.NOT_HERE: text("not here"),
}


def needs_a_look(found: CloseOut) -> bool:
    """Who never came keeps nobody from closing."""
    return any(seat.why is not WhyOpen.NOT_HERE for seat in found.open_seats)


class CloseOutScreen(ListingScreen):
    """`go_on` leads to the questions of a close; None after it, when the screen only tells."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "go on to close", priority=True),
        Binding("m", "message", "message"),
        Binding("E", "end_attempt", "end attempt"),
    ]

    def __init__(
        self, shift: Shift, exam: ExamId, found: CloseOut | None, go_on: Callable[[], None] | None
    ) -> None:
        super().__init__(shift)
        self._exam = exam
        self._found = found
        self._go_on = go_on

    def on_mount(self) -> None:
        super().on_mount()
        exam = self.shift.watch.view.exam if self.shift.watch else None
        after = self._go_on is None and (exam is None or exam.state not in IN_SESSION)
        self.show_title(tr("What still comes") if after else tr("Seats still open"))
        self.set_interval(_ASK_AGAIN_S, self._ask)
        if self._found is not None:
            self._show(self._found)
        self._ask()

    def on_resize(self) -> None:
        if self._found is not None:
            self._show(self._found)

    def _ask(self) -> None:
        if self.is_current:
            self.request(self._load(), group="close-out")

    async def _load(self) -> None:
        self._show(await self.shift.client.close_out(self._exam))

    def _show(self, found: CloseOut) -> None:
        self._found = found
        many = len(found.open_seats)
        heading = several("{n} seat is still open.", "{n} seats are still open.", many)
        hint = ""
        if not many:
            heading = tr("Nothing is open: everything has arrived.")
        if found.late_until_ms is not None:
            hint = tr("Taken until {time}.", time=time_of_day(found.late_until_ms))
        elif many:
            hint = tr("What waits on a computer is still taken for a while after closing.")
        watch = self.shift.watch
        shared = shared_labels(watch.view.seats.values()) if watch is not None else frozenset()
        self.show_lines(
            [(seat.attempt_id, self._line(seat, shared)) for seat in found.open_seats],
            heading=heading,
            hint=hint,
        )

    def _line(self, seat: OpenSeat, shared: Collection[str]) -> Content:
        watch = self.shift.watch
        known = watch.view.seats.get(seat.attempt_id) if watch is not None else None
        name = known.name if known and known.name and not self.shift.names_hidden else ""
        hall = seat.hall if seat.seat in shared else ""
        why = tr(WHY[seat.why])
        if seat.why is WhyOpen.LINK_LOST and seat.link_lost_ms is not None:
            why += " " + stopwatch(self.now_ms - seat.link_lost_ms)
        for_name, for_why = (26, 24) if self.size.width >= _ROOMY else (18, 19)
        return Content.assemble(
            (fit(f" {seat.seat}", 8), "bold"),
            fit(name or seat.pseudonym, for_name - 1) + " ",
            (fit(why, for_why), "bold $warning" if seat.why is not WhyOpen.NOT_HERE else "$faint"),
            (" · ".join(filter(None, (what_waits(seat), hall))), "$faint"),
        )

    # one seat

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "go_on":
                return self._go_on is not None
            case "message" | "end_attempt":
                seat = self._seat()
                writing = (WhyOpen.WRITING, WhyOpen.ON_BREAK, WhyOpen.LINK_LOST)
                return self._go_on is not None and seat is not None and seat.why in writing
        return True

    def on_option_list_option_highlighted(self) -> None:
        self.refresh_bindings()

    def _seat(self) -> OpenSeat | None:
        selected = self.selected
        open_seats = self._found.open_seats if self._found else ()
        return next((seat for seat in open_seats if seat.attempt_id == selected), None)

    def action_go_on(self) -> None:
        go_on = self._go_on
        self.dismiss(None)
        if go_on is not None:
            go_on()

    def action_message(self) -> None:
        self._act("message", tr("It appears on the candidate's page."), grave=False)

    def action_end_attempt(self) -> None:
        question = tr("This cannot be undone: the candidate cannot go on. Why?")
        self._act("end", question, grave=True)

    def _act(self, act: str, question: str, *, grave: bool) -> None:
        seat = self._seat()
        if seat is None:
            return

        def answered(said: str | None) -> None:
            if said is not None:
                self.request(self._send(seat.attempt_id, act, said))

        title = tr("Seat {seat}", seat=self.shift.place(seat))
        self.app.push_screen(AskTextScreen(title, question, grave=grave), answered)

    async def _send(self, attempt: AttemptId, act: str, said: str) -> None:
        argument = {"text": said} if act == "message" else {"reason": said}
        await self.shift.client.act(self._exam, attempt, act, **argument)
        await self._load()


def what_waits(seat: OpenSeat) -> str:
    """What is known of footage that is not here."""
    if seat.waiting:
        return several("{n} snippet on the computer", "{n} snippets on the computer", seat.waiting)
    if seat.missing:
        return several("{n} snippet is missing", "{n} snippets are missing", seat.missing)
    if seat.missing is None and seat.why is not WhyOpen.NOT_HERE:
        return tr("unknown what waits there")
    return ""
