"""One of several boxes from outside: is it there, does an exam run, does anything need eyes?

Each glance asks its own box in its own task, so one that does not answer holds up no other.
"""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum, auto

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION
from appliance.core.feed import ExamStatus, SeatStatus
from appliance.core.ids import ExamId
from tui.hall_watch import HallWatch
from tui.problems import LoginEnded
from tui.seat_look import SeatLook, look_of
from tui.shift import Shift

ASK_EVERY_S = 3.0


class BoxState(Enum):
    ASKING = auto()  # no answer yet, neither a good nor a bad one
    UNREACHABLE = auto()
    LOGIN = auto()  # it is there, and tells nobody anything before the login
    NOTHING = auto()  # no exam in session that this person may see
    IN_SESSION = auto()


class BoxGlance:
    """`run` keeps `state`, `why` (an error's sentence) and `exams` (in session) current."""

    def __init__(self, name: str, shift: Shift, *, ask_every_s: float = ASK_EVERY_S) -> None:
        self.name = name
        self.shift = shift
        self.state = BoxState.ASKING
        self.why = ""
        self.exams: tuple[ExamStatus, ...] = ()
        self._every_s = ask_every_s
        self._wake = asyncio.Event()
        self._follows: dict[ExamId, tuple[HallWatch, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as feeds:
            try:
                while True:
                    await self.look()
                    self._follow(feeds)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), self._every_s)
                    self._wake.clear()
            finally:
                self.forget()

    async def look(self) -> None:
        """Ask the box once."""
        client = self.shift.client
        self.why = ""
        try:
            if client.login_reply is None:
                await client.answers()
                self._is(BoxState.LOGIN)
                return
            exams = tuple(e for e in await client.exams() if e.state in IN_SESSION)
        except LoginEnded as error:
            self._is(BoxState.LOGIN, error.message)
        except HallvaktError as error:
            self._is(BoxState.UNREACHABLE, error.message)
        else:
            self._know(exams)

    def look_soon(self) -> None:
        """Ask now instead of in some seconds."""
        self._wake.set()

    def forget(self) -> None:
        """Follow no hall any more and know nothing: at lock and at the end."""
        for _, task in self._follows.values():
            task.cancel()
        self._follows.clear()
        self.exams = ()

    @property
    def seats(self) -> list[SeatStatus]:
        """Those of all exams in session, as far as their feeds have told."""
        return [seat for watch in self._watches() for seat in watch.view.seats.values()]

    def count(self, look: SeatLook) -> int:
        """How many seats show `look` now."""
        now_ms = self.shift.clock.now_ms()
        return sum(look_of(seat, now_ms) is look for seat in self.seats)

    def _is(self, state: BoxState, why: str = "") -> None:
        self.state, self.why, self.exams = state, why, ()

    def _know(self, exams: tuple[ExamStatus, ...]) -> None:
        if self.shift.client.login_reply is None:  # locked while the box answered
            self._is(BoxState.LOGIN)
            return
        self._is(BoxState.IN_SESSION if exams else BoxState.NOTHING)
        self.exams = exams

    def _watches(self) -> list[HallWatch]:
        mine = {exam: watch for exam, (watch, _) in self._follows.items()}
        if self.shift.watch is not None:  # the hall screen follows this one itself
            mine[self.shift.watch.exam_id] = self.shift.watch
        return [watch for exam, watch in mine.items() if any(exam == e.exam_id for e in self.exams)]

    def _follow(self, feeds: asyncio.TaskGroup) -> None:
        """Hold the feeds of the exams in session open, but for one that is on the screen."""
        shown = self.shift.watch.exam_id if self.shift.watch is not None else None
        wanted = {exam.exam_id for exam in self.exams} - {shown}
        if self.state is BoxState.UNREACHABLE:
            return  # the feeds come back by themselves
        for exam, (_, task) in list(self._follows.items()):
            if exam not in wanted or task.done():
                task.cancel()
                del self._follows[exam]
        for exam in wanted - set(self._follows):
            watch = HallWatch(self.shift.client, exam, self.shift.clock, self.shift.feed_pauses_s)
            self._follows[exam] = (watch, feeds.create_task(watch.run()))
