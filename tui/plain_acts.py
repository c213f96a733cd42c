"""Plain mode: what is done to seats, one or several. Typed words in, requests and lines out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from appliance.core.accommodation import NAMES
from appliance.core.errors import BadInput
from appliance.core.feed import SeatStatus
from appliance.core.processing import Category
from tui.extra_time import minutes_and_reason
from tui.language import tr
from tui.plain_commands import seat_called
from tui.plain_part import Act, PlainPart
from tui.screens.accommodation import detectors
from tui.screens.group_acts import outcome
from tui.seat_choice import seats_called
from tui.words import time_of_day

_GROUP = {
    "message": "message", "extra": "extra_time", "break": "break_start", "back": "break_end"
}  # fmt: skip


class PlainActs(PlainPart):
    """`actions`: by the English name of the command."""

    def actions(self) -> dict[str, Act]:
        return {
            "break": self._break,
            "message": self._message,
            "extra": self._extra,
            "hand": partial(self._plainly, "hand_down"),
            "identity": partial(self._plainly, "identity_checked"),
            "release": partial(self._plainly, "release_seat"),
            "camera": partial(self._plainly, "camera_again"),
            "takeover": partial(self._plainly, "takeover_approve"),
            "late": partial(self._with_reason, "admit_late"),
            "watch": partial(self._with_reason, "seat_watched"),
            "end": partial(self._with_reason, "end"),
            "spare": self._spare,
            "swap": self._swap,
            "detectors": self._detectors,
            "several": self._several,
        }

    def seat(self, word: str) -> SeatStatus:
        found = seat_called(tuple(self._watch.view.seats.values()), word.strip())
        if found is None:
            raise BadInput(tr("No seat is called that."))
        return found

    async def _act(self, seat: SeatStatus, act: str, **arguments: str | int) -> None:
        watch = self._watch
        watch.learn(await self._shift.client.act(watch.exam_id, seat.attempt_id, act, **arguments))
        self._done(seat)

    def _done(self, seat: SeatStatus) -> None:
        self._write(tr("Seat {seat}", seat=self._shift.place(seat)) + ": " + tr("done") + ".")

    async def _plainly(self, act: str, rest: str) -> None:
        await self._act(self.seat(rest), act)

    async def _with_reason(self, act: str, rest: str) -> None:
        word, _, reason = rest.partition(" ")
        seat = self.seat(word)
        if not reason.strip():
            raise BadInput(tr("Say why, after the seat."))
        await self._act(seat, act, reason=reason.strip())

    async def _break(self, rest: str) -> None:
        seat = self.seat(rest)
        await self._act(seat, "break_start" if seat.break_started_ms is None else "break_end")

    async def _message(self, rest: str) -> None:
        word, _, words = rest.partition(" ")
        await self._act(self.seat(word), "message", **_said("message", words))

    async def _extra(self, rest: str) -> None:
        word, _, more = rest.partition(" ")
        said = _said("extra_time", more)
        await self._act(self.seat(word), "extra_time", **said)

    async def _spare(self, rest: str) -> None:
        seat = self.seat(rest)
        made = await self._shift.client.takeover_code(self._watch.exam_id, seat.attempt_id)
        until = time_of_day(made.until_ms)[:5]
        self._write(tr("A spare computer for seat {seat}", seat=self._shift.place(seat)) + ": "
                    + " ".join(made.code) + ".")  # fmt: skip
        self._write(
            tr("Type it there with the slip's codes, until {time}. It works once.", time=until)
        )

    async def _swap(self, rest: str) -> None:
        word, _, more = rest.partition(" ")
        label, _, reason = more.strip().partition(" ")
        seat = self.seat(word)
        if not label or not reason.strip():
            raise BadInput(tr("Which seat, and why? For example: B4 lamp flickers"))
        moved = await self._shift.client.change_seat(
            self._watch.exam_id, seat.attempt_id, seat.hall, label, reason.strip()
        )
        for one in moved.seats:
            self._watch.learn(one)
        both = {"one": seat.seat, "other": label.upper()}
        self._write(
            tr("Seats {one} and {other} are exchanged.", **both)
            if len(moved.seats) > 1
            else tr("{one} now sits at {other}.", **both)
        )

    async def _detectors(self, rest: str) -> None:
        """`SEAT` alone tells; `SEAT 2,3 reason` leaves exactly these off, `SEAT 0 reason` none."""
        word, _, more = rest.partition(" ")
        seat, exam = self.seat(word), self._watch.view.exam
        shown = detectors(exam.features, seat.switched_off) if exam is not None else ()
        which, _, reason = more.strip().partition(" ")
        if not which:
            for number, category in enumerate(shown, start=1):
                state = tr("off") if category in seat.switched_off else tr("on")
                self._write(f"{number}: {tr(NAMES[category])}, {state}.")
            return
        off = _numbered(shown, which)
        if not reason.strip():
            raise BadInput(tr("Say why, after the numbers."))
        self._watch.learn(
            await self._shift.client.accommodate(
                self._watch.exam_id, seat.attempt_id, off, reason.strip()
            )
        )
        self._done(seat)

    # several

    async def _several(self, rest: str) -> None:
        """`WHOM ACT words`."""
        whom, _, more = rest.partition(" ")
        word, _, words = more.strip().partition(" ")
        act = next((act for name, act in _GROUP.items() if word and word.casefold() in
                    (name, tr(name).casefold())), None)  # fmt: skip
        if act is None:
            names = ", ".join(tr(name) for name in _GROUP)
            raise BadInput(tr("What for several? One of these: {acts}.", acts=names))
        to, said = self._whom(whom), _said(act, words)
        done = await self._shift.client.group_act(self._watch.exam_id, to, act, **said)
        self._write(outcome(done))

    def _whom(self, word: str) -> Mapping[str, Any]:
        """`all`, `moretime`, `hall=Aula`, `row=A`, `row=Aula/A`, or seats as `A1-A6,B3`."""
        kind, _, what = word.partition("=")
        kind = kind.casefold()
        halls = {seat.hall.casefold(): seat.hall for seat in self._watch.view.seats.values()}
        if kind in ("all", tr("all")):
            return {"everybody": True}
        if kind in ("moretime", tr("moretime")):
            return {"accommodated": True}
        if kind in ("hall", tr("hall")) and what:
            return {"hall": _hall(halls, what)}
        if kind in ("row", tr("row")) and what:
            where, _, row = what.rpartition("/")
            if not where and len(halls) > 1:
                raise BadInput(tr("Of which hall? For example: row=Aula/A"))
            hall = _hall(halls, where) if where else next(iter(halls.values()), "")
            return {"hall": hall, "row": row.upper()}
        seats = seats_called(tuple(self._watch.view.seats.values()), word)
        return {"attempts": [seat.attempt_id for seat in seats]}


def _hall(halls: Mapping[str, str], called: str) -> str:
    wanted = called.casefold().replace("_", " ")
    if wanted not in halls:
        known = ", ".join(hall.replace(" ", "_") for hall in halls.values())
        raise BadInput(tr("No hall is called {hall}; there are {all}.", hall=called, all=known))
    return halls[wanted]


def _said(act: str, words: str) -> dict[str, Any]:
    """What an act needs said, from the words typed after it."""
    if act == "message":
        if not words.strip():
            raise BadInput(tr("Say what to write, after the seat."))
        return {"text": words.strip()}
    if act == "extra_time":
        minutes, reason = minutes_and_reason(words)
        return {"minutes": minutes, "reason": reason}
    return {}


def _numbered(shown: tuple[Category, ...], which: str) -> frozenset[Category]:
    numbers = which.split(",")
    if not all(n.isdecimal() and int(n) <= len(shown) for n in numbers):
        raise BadInput(tr("Which? Numbers with commas between them, 0 for none."))
    return frozenset(shown[int(n) - 1] for n in numbers if int(n))
