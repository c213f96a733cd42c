"""One act for several seats: who is meant, what is said, and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.core.feed import SeatStatus
from tui.act_replies import GroupDone
from tui.extra_time import QUESTION, TYPED, minutes_and_reason
from tui.language import several, text, tr
from tui.screens.ask_text import AskTextScreen
from tui.screens.menu import Choice, MenuScreen
from tui.screens.more_acts import MoreActsScreen
from tui.seat_choice import seats_called
from tui.told import told

_BY_HAND = "f"
_ASKS = {
    "message": text("What shall they read?"),
    "extra_time": QUESTION,
}


class GroupActsScreen(MoreActsScreen):
    """Marked seats, seats named by hand, a row, a hall, all: the box takes the act for each."""

    def _whom(self, act: str) -> None:
        """Ask who is meant, then what is said."""
        seats = self.hall.view.seats
        marked = [seats[a] for a in self.shift.marked if a in seats]
        to = _groups(self.acted_seat(), marked)

        def chosen(value: str | None) -> None:
            if value == _BY_HAND:
                self._named(act)
            elif value is not None:
                self._what(act, to[value][1])

        found = [Choice(letter, letter, label) for letter, (label, _) in to.items()]
        found.append(Choice(_BY_HAND, _BY_HAND, tr("seats by name, for example A1-A6,B3")))
        self.app.push_screen(MenuScreen(tr("Who is meant?"), found), chosen)

    def _named(self, act: str) -> None:
        async def go_on(words: str) -> None:
            seat = self.acted_seat()
            hall = seat.hall if seat is not None else ""
            named = seats_called(tuple(self.hall.view.seats.values()), words, hall)
            self._what(act, {"attempts": [seat.attempt_id for seat in named]})

        question = tr("Which seats? For example: A1-A6,B3")
        self._ask(AskTextScreen(tr("Who is meant?"), question, longest=400), go_on)

    def _what(self, act: str, to: Mapping[str, Any]) -> None:
        if act not in _ASKS:
            self.request(self._for_several(to, act))
            return
        restrict = TYPED if act == "extra_time" else None
        title = tr("Message to several") if act == "message" else tr("Extra time for several")
        self._ask(
            AskTextScreen(title, tr(_ASKS[act]), restrict=restrict),
            lambda said: self._said(to, act, said),
        )

    async def _said(self, to: Mapping[str, Any], act: str, said: str) -> None:
        if act == "message":
            await self._for_several(to, act, text=said)
            return
        minutes, reason = minutes_and_reason(said)
        await self._for_several(to, act, minutes=minutes, reason=reason)

    async def _for_several(self, to: Mapping[str, Any], act: str, **arguments: str | int) -> None:
        done = await self.shift.client.group_act(self.hall.exam_id, to, act, **arguments)
        self.say(outcome(done), error=bool(done.not_done))


def outcome(done: GroupDone) -> str:
    """`Done at 12 seats. Not at A3: The candidate is not on a break.`"""
    said = several("Done at {n} seat.", "Done at {n} seats.", len(done.done))
    if done.not_done:
        first = done.not_done[0]
        said += " " + tr("Not at {seat}: {why}", seat=first.seat, why=told(first.why))
        if len(done.not_done) > 1:
            more = len(done.not_done) - 1
            said += " " + several("And {n} more.", "And {n} more.", more)
    return said


def _groups(
    seat: SeatStatus | None, marked: Sequence[SeatStatus]
) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """By letter: what it is called, and how the box is told."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    if marked:
        found["m"] = (
            tr("the marked seats: {seats}", seats=", ".join(s.seat for s in marked)),
            {"attempts": [s.attempt_id for s in marked]},
        )
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
