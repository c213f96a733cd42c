"""What concerns the whole hall, behind one key: `g`. Acts for several, ledger, codes, shift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual.binding import Binding

from appliance.core.errors import HallvaktError
from appliance.core.exam import ExamState
from appliance.core.feed import SeatStatus
from appliance.core.roles import Action
from tui.act_replies import GroupDone
from tui.hall_watch import Changes
from tui.hand_bell import HandBell
from tui.language import several, text, tr
from tui.screens.ask_text import AskTextScreen
from tui.screens.break_ledger import BreakLedgerScreen
from tui.screens.close_out import CloseOutScreen, needs_a_look
from tui.screens.hall_codes import HallCodesScreen
from tui.screens.handover import HandoverScreen
from tui.screens.identity_check import IdentityCheckScreen
from tui.screens.menu import Choice, MenuScreen
from tui.screens.more_acts import MoreActsScreen
from tui.screens.start_gate import StartGateScreen
from tui.shift import Shift

HALL_MENU = Binding(
    "g",
    "hall_menu",
    "the hall",
    tooltip=text("Acts for several, breaks, codes, open seats, shift"),
)
_ASKS = {
    "message": text("What shall they read?"),
    "extra_time": text("How many minutes, and why? For example: 15 fire alarm"),
}


class HallMenuScreen(MoreActsScreen):
    """A screen of the hall with `HALL_MENU` among its bindings."""

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift)
        self._bell = HandBell()

    def hear_hands(self, changes: Changes) -> None:
        """Call at every change of the hall."""
        seats = self.hall.view.seats
        if changes.everything:
            self._bell.start(seats)
        elif self._bell.hear(changes.seats, seats):
            self.app.bell()

    def action_hall_menu(self) -> None:
        exam = self.exam
        if exam is None:
            return
        does: dict[str, Callable[[], None]] = {
            "message": lambda: self._whom("message"),
            "extra_time": lambda: self._whom("extra_time"),
            "break_start": lambda: self._whom("break_start"),
            "break_end": lambda: self._whom("break_end"),
            "identities": lambda: self._open(IdentityCheckScreen(self.shift)),
            "ledger": lambda: self._open(BreakLedgerScreen(self.shift)),
            "codes": lambda: self._open(HallCodesScreen(self.shift)),
            "gate": lambda: self.request(self._look_at_gate()),
            "close_out": lambda: self._open(
                CloseOutScreen(self.shift, self.hall.exam_id, None, None)
            ),
            "shift": lambda: self._open(HandoverScreen(self.shift)),
            "bell": self._toggle_bell,
        }

        def chosen(what: str | None) -> None:
            if what is not None:
                does[what]()

        found = [
            Choice("i", "identities", tr("check identities, photo by photo")),
            Choice("m", "message", tr("message to several")),
            Choice("x", "extra_time", tr("extra time for several")),
            Choice("b", "break_start", tr("break for several")),
            Choice("e", "break_end", tr("end the break of several")),
            Choice("l", "ledger", tr("breaks: who is out, and how long in all")),
            Choice("k", "codes", tr("the hall's code")),
        ]
        if self.shift.may(Action.START_GATE_SEE, exam):
            found.append(Choice("s", "gate", tr("ready to start?")))
        found += [
            Choice("o", "close_out", tr("seats still open")),
            Choice("w", "shift", tr("shift: who is on duty, notes to the next")),
            Choice("n", "bell", tr("bell on") if self._bell.muted else tr("bell off")),
        ]
        self.app.push_screen(MenuScreen(tr("The hall"), found), chosen)

    def _open(self, screen: Any) -> None:
        self.app.push_screen(screen)

    def _toggle_bell(self) -> None:
        self._bell.muted = not self._bell.muted
        self.say(
            tr("The bell is off; hands are still shown.")
            if self._bell.muted
            else tr("The bell rings when a hand is raised.")
        )

    # acts for several

    def _whom(self, act: str) -> None:
        """Ask who is meant, then what is said."""
        seat = self.acted_seat()
        to = _groups(seat)

        def chosen(value: str | None) -> None:
            if value is not None:
                self._what(act, to[value][1])

        found = [Choice(letter, letter, label) for letter, (label, _) in to.items()]
        self.app.push_screen(MenuScreen(tr("Who is meant?"), found), chosen)

    def _what(self, act: str, to: Mapping[str, Any]) -> None:
        if act not in _ASKS:
            self.request(self._for_several(to, act))
            return
        restrict = r"(\d{1,3}( .*)?)?" if act == "extra_time" else None
        title = tr("Message to several") if act == "message" else tr("Extra time for several")
        self._ask(
            AskTextScreen(title, tr(_ASKS[act]), restrict=restrict),
            lambda said: self._said(to, act, said),
        )

    async def _said(self, to: Mapping[str, Any], act: str, said: str) -> None:
        if act == "message":
            await self._for_several(to, act, text=said)
            return
        minutes, _, reason = said.partition(" ")
        await self._for_several(to, act, minutes=int(minutes), reason=reason.strip())

    async def _for_several(self, to: Mapping[str, Any], act: str, **arguments: str | int) -> None:
        done = await self.shift.client.group_act(self.hall.exam_id, to, act, **arguments)
        self.say(outcome(done), error=bool(done.not_done))

    # the start and the close

    async def _look_at_gate(self) -> None:
        found = await self.shift.client.start_gate(self.hall.exam_id)
        screen = self.app.screen
        if isinstance(screen, StartGateScreen):
            screen.show_report(found)
            return
        self.app.push_screen(
            StartGateScreen(
                self.shift,
                found,
                lambda reason: self.request(self.start_exam(reason), group="state"),
                lambda _: self.request(self._look_at_gate()),
            )
        )

    async def start_through_gate(self) -> None:
        """Start at once when there is nothing to say; else show what there is."""
        found = await self.shift.client.start_gate(self.hall.exam_id)
        if all(check.status.value == "ok" for check in found.checks):
            await self.start_exam("")
        else:
            await self._look_at_gate()

    async def start_exam(self, override: str) -> None:
        raise NotImplementedError

    async def look_before_close(self, go_on: Callable[[], None]) -> None:
        """Show what is still open, when something is; a box that cannot say so keeps nobody from
        closing."""
        exam = self.exam
        try:
            found = await self.shift.client.close_out(self.hall.exam_id)
        except HallvaktError as error:
            self.refused(error)
            go_on()
            return
        live = exam is not None and exam.state is ExamState.LIVE
        if live and needs_a_look(found):
            self.app.push_screen(CloseOutScreen(self.shift, self.hall.exam_id, found, go_on))
        else:
            go_on()


def outcome(done: GroupDone) -> str:
    """`Done at 12 seats. Not at A3: The candidate is not on a break.`"""
    said = several("Done at {n} seat.", "Done at {n} seats.", len(done.done))
    if done.not_done:
        first = done.not_done[0]
        said += " " + tr("Not at {seat}: {why}", seat=first.seat, why=first.why)
        if len(done.not_done) > 1:
            more = len(done.not_done) - 1
            said += " " + several("And {n} more.", "And {n} more.", more)
    return said


def _groups(seat: SeatStatus | None) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """By letter: what it is called, and how the box is told."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    if seat is not None:
        row = "".join(c for c in seat.seat if c.isalpha())
        if row:
            found["r"] = (
                tr("row {row} in {hall}", row=row, hall=seat.hall),
                {"hall": seat.hall, "row": row},
            )
        found["h"] = (tr("everybody in {hall}", hall=seat.hall), {"hall": seat.hall})
    found["t"] = (tr("those with more time by the roster"), {"accommodated": True})
    found["e"] = (tr("everybody in my halls"), {"everybody": True})
    return found
