"""Plain mode in the hall: the feed as lines, typed commands as acts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from appliance.core.errors import BadInput, HallvaktError
from appliance.core.exam import IN_SESSION, ExamState
from appliance.core.feed import HallView
from appliance.core.ids import IncidentId
from appliance.core.observation import Decision, Incident, ReasonCategory
from tui.feed_link import Link
from tui.hall_watch import Changes, HallWatch
from tui.language import several, tr
from tui.plain_acts import PlainActs
from tui.plain_commands import help_lines, typed
from tui.plain_desk import PlainDesk
from tui.plain_part import PlainPart, Write
from tui.plain_words import (
    hall_event_line,
    incident_line,
    news,
    seat_line,
    seat_lines,
    status_lines,
)
from tui.queue_entries import reasons, waiting
from tui.screens.find import matches
from tui.seat_look import is_bad
from tui.seat_place import shared_labels
from tui.seat_rows import Sorting, ordered
from tui.shift import Shift
from tui.told import told
from tui.words import CATEGORY, DECISION, NOTICES_MAY_BE_MISSING


class PlainHall(PlainPart):
    """`hear` what changes, `do` what is typed; `is_over` once the hall is left or closed."""

    def __init__(self, shift: Shift, watch: HallWatch, write: Write) -> None:
        super().__init__(shift, watch, write)
        self._acts = PlainActs(shift, watch, write)
        self._before: tuple[HallView, int] | None = None
        self._numbers: dict[IncidentId, int] = {}
        self._told_events: set[tuple[str, str, int]] = set()
        self.is_over = False
        self.begun = asyncio.Event()  # the hall is known, or is over

    # what changes

    def hear(self, changes: Changes) -> None:
        if changes.ended is not None:
            self._write(changes.ended.message)
            self.is_over = True
            self.begun.set()
            return
        if changes.link and self._watch.link is Link.LOST:
            self._write(tr("The link to the box is lost; trying again."))
        if changes.caught_up is True:
            self._write(tr("The link to the box is back; nothing was missed."))
        elif changes.caught_up is False:
            self._write(tr(NOTICES_MAY_BE_MISSING))
        for announcement in changes.announcements:
            self._write(told(announcement.text))
        exam = self._watch.view.exam
        if self._before is None or (exam is not None and exam.state not in IN_SESSION):
            self._tell_news()

    def tick(self) -> None:
        """A second went by. What changed in it is told together, or a reader would be talked to
        without a pause when a switch fails; and a picture may have grown old."""
        if self._watch.link is Link.UP:
            self._tell_news()

    def _tell_news(self) -> None:
        view, now = self._watch.view, self._shift.clock.now_ms()
        if view.exam is None:
            return
        if self._before is None:
            for line in status_lines(view, now):
                self._write(line)
        else:
            hidden = self._shift.names_hidden
            for line in news(self._before[0], view, self._before[1], now, names_hidden=hidden):
                self._write(line)
        self._before = (view, now)
        self.begun.set()
        for incident in waiting(view):
            if incident.incident_id not in self._numbers:
                self._write(tr("Needs eyes") + ", " + self._numbered(incident, view))
        for event in view.hall_events:
            key = (event.hall, event.kind.value, event.started_ms)
            if key not in self._told_events:
                self._told_events.add(key)
                self._write(hall_event_line(event))
        if view.exam.state not in IN_SESSION:
            self._write(tr("This box can no longer open a picture of it, for anybody."))
            self.is_over = True

    def _numbered(self, incident: Incident, view: HallView) -> str:
        number = self._numbers.setdefault(incident.incident_id, len(self._numbers) + 1)
        return incident_line(number, incident, view)

    # what is typed

    async def do(self, line: str) -> None:
        """Run one typed line; what the box or the console refuses becomes a line."""
        if not line.strip():
            return
        asked = typed(line)
        action = self._actions().get(asked.command)
        if asked.command == "quit":
            self.is_over = True
        elif action is None:
            self._write(tr("Nothing here is called that.") + " " + tr("help lists the commands."))
        else:
            try:
                await action(asked.rest)
            except HallvaktError as error:
                self._write(told(error.message))

    def _actions(self) -> dict[str, Callable[[str], Awaitable[None]]]:
        return {
            "queue": self._queue,
            "list": self._list,
            "look": self._look,
            "find": self._find,
            "confirm": lambda rest: self._decide(Decision.CONFIRMED, rest),
            "dismiss": lambda rest: self._decide(Decision.DISMISSED, rest),
            "seen": self._seen,
            "undo": self._undo,
            "status": self._status,
            "names": self._names,
            "close": self._close,
            "help": self._help,
            **self._acts.actions(),
            **PlainDesk(self._shift, self._watch, self._write).actions(),
        }

    async def _help(self, _: str) -> None:
        for line in help_lines():
            self._write(line)

    async def _status(self, _: str) -> None:
        for line in status_lines(self._watch.view, self._shift.clock.now_ms()):
            self._write(line)

    async def _names(self, _: str) -> None:
        self._shift.names_hidden = not self._shift.names_hidden
        hidden = self._shift.names_hidden
        self._write(tr("Names are left out.") if hidden else tr("Names are said."))

    async def _queue(self, _: str) -> None:
        view = self._watch.view
        found = waiting(view)
        for incident in found:
            self._write(self._numbered(incident, view))
        if not found:
            self._write(tr("Nothing needs eyes."))

    async def _list(self, rest: str) -> None:
        view, now = self._watch.view, self._shift.clock.now_ms()
        hidden = self._shift.names_hidden
        why = reasons(view)
        order = ordered(view.seats.values(), Sorting(), now, names_hidden=hidden)
        told = [view.seats[a] for a in order if not rest or is_bad(view.seats[a], now)]
        shared = shared_labels(view.seats.values())
        for seat in told:
            reason = why.get(seat.attempt_id, ())
            self._write(seat_line(seat, now, reason, shared, names_hidden=hidden))
        self._write(several("{n} seat", "{n} seats", len(told)) + ".")

    async def _look(self, rest: str) -> None:
        seat, view = self._acts.seat(rest), self._watch.view
        now = self._shift.clock.now_ms()
        for line in seat_lines(seat, now, names_hidden=self._shift.names_hidden):
            self._write(line)
        for incident in waiting(view):
            if incident.attempt_id == seat.attempt_id:
                self._write(self._numbered(incident, view))
                await self._shift.client.seen(self._watch.exam_id, incident.incident_id)

    async def _find(self, rest: str) -> None:
        hidden, now = self._shift.names_hidden, self._shift.clock.now_ms()
        seats = tuple(self._watch.view.seats.values())
        found, shared = matches(seats, rest, names_hidden=hidden), shared_labels(seats)
        for seat in found:
            self._write(seat_line(seat, now, (), shared, names_hidden=hidden))
        if not found:
            self._write(tr("No seat is called that."))

    # decisions

    def _incident(self, word: str) -> Incident:
        number = int(word) if word.isdecimal() else 0
        for incident_id, known in self._numbers.items():
            if known == number and incident_id in self._watch.view.incidents:
                return self._watch.view.incidents[incident_id]
        raise BadInput(tr("No incident has the number {n}; queue lists them.", n=word or "?"))

    async def _decide(self, decision: Decision, rest: str) -> None:
        word, _, more = rest.partition(" ")
        incident = self._incident(word)
        if another := self._shift.word_of_another(incident):
            raise BadInput(another)
        category, note = _reason(more.strip())
        if category is None:
            if decision is Decision.DISMISSED:
                names = ", ".join(tr(CATEGORY[c][0]) for c in ReasonCategory)
                raise BadInput(tr("Say why, with one of these: {reasons}.", reasons=names))
            category = ReasonCategory.CANDIDATE
        self._watch.learn(
            await self._shift.client.decide(
                self._watch.exam_id, incident.incident_id, decision, category, note
            )
        )
        self._shift.last_decided = incident
        number = self._numbers[incident.incident_id]
        self._write(tr("{n} is {decided}; undo takes it back.", n=number,
                       decided=tr(DECISION[decision])))  # fmt: skip

    async def _seen(self, rest: str) -> None:
        incident = self._incident(rest)
        await self._shift.client.seen(self._watch.exam_id, incident.incident_id)
        self._write(tr("seen by you") + ".")

    async def _undo(self, _: str) -> None:
        incident = self._shift.last_decided
        if incident is None:
            raise BadInput(tr("Nothing was decided here that could be taken back."))
        if another := self._shift.word_of_another(incident):
            self._shift.last_decided = None
            raise BadInput(another)
        self._watch.learn(
            await self._shift.client.decide(
                self._watch.exam_id, incident.incident_id, None, None, ""
            )
        )
        self._shift.last_decided = None
        self._write(tr("Taken back: it needs eyes again."))

    # the exam

    async def _close(self, rest: str) -> None:
        exam = self._watch.view.exam
        if exam is None:
            return
        if rest.casefold() != exam.code.casefold():
            self._write(tr("This cannot be undone:") + " "
                        + tr("the key that opens pictures is destroyed, here and for everybody")
                        + ".")  # fmt: skip
            self._write(tr("To close it for good, type: close {code}", code=exam.code))
            return
        await self._shift.client.change_state(self._watch.exam_id, ExamState.CLOSED)


def _reason(words: str) -> tuple[ReasonCategory | None, str]:
    """The reason that `words` begin with, in either language, and the note after it."""
    first, _, note = words.partition(" ")
    for category in ReasonCategory:
        names = {category.value, tr(CATEGORY[category][0]).casefold()}
        if first and any(name.startswith(first.casefold()) for name in names):
            return category, note.strip()
    return None, words
