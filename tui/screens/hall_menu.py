"""What concerns the whole hall, behind one key: `g`. Acts for several, ledger, codes, shift."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from textual.binding import Binding

from appliance.core.checkup import CheckStatus
from appliance.core.errors import HallvaktError
from appliance.core.exam import ExamState
from appliance.core.roles import Action
from tui.hall_watch import Changes
from tui.hand_bell import HandBell
from tui.language import text, tr
from tui.screens.break_ledger import BreakLedgerScreen
from tui.screens.close_out import CloseOutScreen, needs_a_look
from tui.screens.group_acts import GroupActsScreen
from tui.screens.hall_codes import HallCodesScreen
from tui.screens.handover import HandoverScreen
from tui.screens.identity_check import IdentityCheckScreen
from tui.screens.menu import Choice
from tui.screens.offer import Offer, menu_of
from tui.screens.start_gate import StartGateScreen
from tui.screens.start_reason import StartReasonScreen
from tui.shift import Shift

HALL_MENU = Binding(
    "g",
    "hall_menu",
    "the hall",
    tooltip=text("Acts for several, breaks, codes, open seats, shift"),
)


class HallMenuScreen(GroupActsScreen):
    """A screen of the hall with `HALL_MENU` among its bindings."""

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift)
        self._bell = HandBell()

    def hear_hands(self, changes: Changes) -> None:
        """Call at every change of the hall."""
        seats = self.hall.view.seats
        if changes.everything and changes.caught_up is None:
            self._bell.start(seats)
        elif self._bell.hear(seats if changes.everything else changes.seats, seats):
            self.app.bell()

    def action_hall_menu(self) -> None:
        if offers := self._hall_offers():
            self.app.push_screen(*menu_of(tr("The hall"), offers))

    def offers(self) -> list[Offer]:
        return [*super().offers(), *self._hall_offers()]

    def _hall_offers(self) -> list[Offer]:
        exam = self.exam
        if exam is None:
            return []
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
        found = offered(gate=self.shift.may(Action.START_GATE_SEE, exam), muted=self._bell.muted)
        return [Offer(HALL_MENU.key, choice, does[choice.value]) for choice in found]

    def _open(self, screen: Any) -> None:
        self.app.push_screen(screen)

    def _toggle_bell(self) -> None:
        self._bell.muted = not self._bell.muted
        self.say(
            tr("The bell is off; hands are still shown.")
            if self._bell.muted
            else tr("The bell rings when a hand is raised.")
        )

    # the start and the close

    async def _look_at_gate(self) -> None:
        found = await self.shift.client.start_gate(self.hall.exam_id)
        screen = self.app.screen
        if isinstance(screen, StartGateScreen):
            screen.show_report(found)
            return

        def look_again() -> None:
            self.request(self._look_at_gate())

        self.app.push_screen(StartGateScreen(self.shift, found, self._start, look_again))

    async def start_through_gate(self) -> None:
        """Start at once when there is nothing to say; else show what there is, and ask for the
        reason where one is needed."""
        found = await self.shift.client.start_gate(self.hall.exam_id)
        if not found.passed:
            screen = StartReasonScreen(found, letters=self.shift.letters)
            self.app.push_screen(screen, self._start)
        elif all(check.status is CheckStatus.OK for check in found.checks):
            await self.start_exam("")
        else:
            await self._look_at_gate()

    def _start(self, reason: str | None) -> None:
        """None: left without starting."""
        if reason is not None:
            self.request(self._start_or_ask_again(reason), group="state")

    async def _start_or_ask_again(self, reason: str) -> None:
        try:
            await self.start_exam(reason)
        except HallvaktError as error:
            if error.code != "start-gate":
                raise
            await self.start_through_gate()  # something has changed since it was looked at

    @abstractmethod
    async def start_exam(self, override: str) -> None:
        """`override`: why, where not all is ready."""

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


def offered(*, gate: bool, muted: bool) -> list[Choice]:
    """What the menu offers; `gate`: whether this person may see the start gate."""
    found = [
        Choice("i", "identities", tr("check identities, photo by photo")),
        Choice("m", "message", tr("message to several")),
        Choice("x", "extra_time", tr("extra time for several")),
        Choice("b", "break_start", tr("break for several")),
        Choice("e", "break_end", tr("end the break of several")),
        Choice("l", "ledger", tr("breaks: who is out, and how long in all")),
        Choice("k", "codes", tr("the hall's code")),
    ]
    if gate:
        found.append(Choice("s", "gate", tr("ready to start?")))
    return [
        *found,
        Choice("o", "close_out", tr("seats still open")),
        Choice("w", "shift", tr("shift: who is on duty, notes to the next")),
        Choice("n", "bell", tr("bell on") if muted else tr("bell off")),
    ]
