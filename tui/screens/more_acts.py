"""The acts on one seat that are needed now and then, behind one key: `a`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.binding import Binding

from appliance.core.attempt import FINISHED, AttemptState, CameraState
from appliance.core.feed import SeatStatus
from appliance.core.processing import Category
from appliance.core.roles import Action
from tui.language import text, tr
from tui.screens.accommodation import AccommodationScreen, detectors
from tui.screens.ask_text import AskTextScreen
from tui.screens.menu import Choice, MenuScreen
from tui.screens.offer import Offer, menu_of
from tui.screens.seat_acts import SeatActsScreen
from tui.words import time_of_day

MORE = Binding(
    "a",
    "more",
    "more acts",
    tooltip=text("Let in late, a spare computer, another seat"),
)
_WITH_REASON = {
    "admit_late": (text("Let in late: seat {seat}"), text("Why? For example: bus was late")),
    "seat_watched": (
        text("Watch seat {seat} without its camera"),
        text("Why? For example: lens broken"),
    ),
}
_DONE = {
    "admit_late": text("let in; the candidate can join now"),
    "seat_watched": text("watched by you; nothing is observed there any more"),
    "camera_again": text("the camera counts again"),
    "takeover_approve": text("the other computer gets the seat at its next try"),
}


class MoreActsScreen(SeatActsScreen):
    """A screen of a seat with `MORE` among its bindings."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "more":
            seat, exam = self.acted_seat(), self.exam
            return seat is not None and exam is not None and bool(choices(seat))
        return super().check_action(action, parameters)

    def action_more(self) -> None:
        seat, offers = self.acted_seat(), self._more_offers()
        if seat is not None and offers:
            self.app.push_screen(*menu_of(tr("Seat {seat}", seat=self.shift.place(seat)), offers))

    def offers(self) -> list[Offer]:
        return [*super().offers(), *self._more_offers()]

    def _more_offers(self) -> list[Offer]:
        seat, exam = self.acted_seat(), self.exam
        if seat is None or exam is None:
            return []
        does: dict[str, Callable[[SeatStatus], None]] = {
            "admit_late": lambda s: self._with_reason(s, "admit_late"),
            "seat_watched": lambda s: self._with_reason(s, "seat_watched"),
            "camera_again": lambda s: self.request(self._more(s, "camera_again")),
            "takeover_approve": lambda s: self.request(self._more(s, "takeover_approve")),
            "takeover_code": lambda s: self.request(self._takeover_code(s)),
            "change_seat": self._change_seat,
            "accommodate": self._accommodate,
        }
        offered = choices(seat)
        if self.shift.may(Action.ACCOMMODATE, exam) and detectors(exam.features, seat.switched_off):
            about = tr("an accommodation, with a reason")
            offered.append(Choice("d", "accommodate", tr("detectors on or off"), about))
        return [Offer(MORE.key, choice, partial(does[choice.value], seat)) for choice in offered]

    def _with_reason(self, seat: SeatStatus, act: str) -> None:
        title, question = _WITH_REASON[act]
        self._ask(
            AskTextScreen(tr(title, seat=self.shift.place(seat)), tr(question)),
            lambda reason: self._more(seat, act, reason=reason),
        )

    async def _more(self, seat: SeatStatus, act: str, **arguments: str | int) -> None:
        watch = self.hall
        watch.learn(await self.shift.client.act(watch.exam_id, seat.attempt_id, act, **arguments))
        self.say(tr("Seat {seat}: {done}.", seat=self.shift.place(seat), done=tr(_DONE[act])))

    async def _takeover_code(self, seat: SeatStatus) -> None:
        made = await self.shift.client.takeover_code(self.hall.exam_id, seat.attempt_id)
        self.app.push_screen(
            MenuScreen(
                tr("A spare computer for seat {seat}", seat=self.shift.place(seat)),
                [
                    Choice(
                        "",
                        "code",
                        " ".join(made.code),
                        tr(
                            "Type it there with the slip's codes, until {time}. It works once.",
                            time=time_of_day(made.until_ms)[:5],
                        ),
                    )
                ],
            )
        )

    def _change_seat(self, seat: SeatStatus) -> None:
        self._ask(
            AskTextScreen(
                tr("Another seat for {seat}", seat=self.shift.place(seat)),
                tr("Which seat, and why? For example: B4 lamp flickers"),
            ),
            lambda said: self._move(seat, said),
        )

    async def _move(self, seat: SeatStatus, said: str) -> None:
        label, _, reason = said.partition(" ")
        watch = self.hall
        moved = await self.shift.client.change_seat(
            watch.exam_id, seat.attempt_id, seat.hall, label, reason.strip()
        )
        for one in moved.seats:
            watch.learn(one)
        if len(moved.seats) > 1:
            self.say(
                tr("Seats {one} and {other} are exchanged.", one=seat.seat, other=label.upper())
            )
        else:
            self.say(tr("{one} now sits at {other}.", one=seat.seat, other=label.upper()))

    def _accommodate(self, seat: SeatStatus) -> None:
        exam = self.exam
        if exam is None:
            return

        def chosen(off: frozenset[Category] | None) -> None:
            if off is None:
                return
            self._ask(
                AskTextScreen(
                    title,
                    tr("Why? It is sealed with the record. For example: has a tic"),
                    longest=500,
                ),
                lambda reason: self._switch_off(seat, off, reason),
            )

        title = tr("Looked for at seat {seat}", seat=self.shift.place(seat))
        shown = detectors(exam.features, seat.switched_off)
        asked = AccommodationScreen(title, shown, seat.switched_off, self.shift.sign)
        self.app.push_screen(asked, chosen)

    async def _switch_off(self, seat: SeatStatus, off: frozenset[Category], reason: str) -> None:
        watch = self.hall
        watch.learn(
            await self.shift.client.accommodate(watch.exam_id, seat.attempt_id, off, reason)
        )
        self.say(
            tr(
                "Seat {seat}: {done}.",
                seat=self.shift.place(seat),
                done=tr("from now on as you chose"),
            )
        )


def choices(seat: SeatStatus) -> list[Choice]:
    """What can be done to this seat now, what it asks for first."""
    if seat.state in FINISHED:
        return []
    found = []
    if seat.takeover_asked:
        found.append(
            Choice(
                "t",
                "takeover_approve",
                tr("let the other computer in"),
                tr("the one that waits now; this seat's page ends"),
            )
        )
    if seat.state is AttemptState.EXPECTED and seat.link.value == "never":
        found.append(
            Choice(
                "l",
                "admit_late",
                tr("let in late"),
                tr("who comes after the time for joining, with a reason"),
            )
        )
    else:
        found.append(
            Choice(
                "k",
                "takeover_code",
                tr("code for a spare computer"),
                tr("the candidate goes on there; nothing is lost"),
            )
        )
    found.append(
        Choice(
            "s",
            "change_seat",
            tr("another seat"),
            tr("an empty one, or in exchange with who sits there"),
        )
    )
    if seat.camera is CameraState.WATCHED:
        found.append(Choice("w", "camera_again", tr("trust the camera again")))
    elif seat.camera is not CameraState.REFUSED and seat.state is not AttemptState.EXPECTED:
        found.append(
            Choice(
                "w",
                "seat_watched",
                tr("watch it without its camera"),
                tr("a camera that does not do; you watch instead"),
            )
        )
    return found
