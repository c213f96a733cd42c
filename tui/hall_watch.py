"""The hall as this console knows it: reads the feed, tells the screens at most 20 times a second.

Reading never waits for painting, so a slow terminal cannot slow the box.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from appliance.core.errors import HallvaktError
from appliance.core.feed import Announcement, FeedMessage, HallSnapshot, HallView, SeatStatus, apply
from appliance.core.ids import AttemptId, ExamId
from appliance.core.observation import Incident
from tui.box_clock import BoxClock
from tui.client import BoxClient
from tui.feed_link import PAUSES_S, FeedLink, Link

TELL_EVERY_S = 0.05


@dataclass(slots=True)
class Changes:
    """What happened since the last telling. `everything`: a snapshot came. `caught_up`: at the
    first message after a lost link, whether the feed went on where it stopped; False also when a
    snapshot took the place of messages, of which notices are gone."""

    everything: bool = False
    caught_up: bool | None = None
    seats: set[AttemptId] = field(default_factory=set)
    incidents: bool = False
    link: bool = False
    announcements: list[Announcement] = field(default_factory=list)
    ended: HallvaktError | None = None


Listener = Callable[[Changes], None]


class HallWatch:
    """`view` is always current; listeners hear about it soon after."""

    def __init__(
        self, client: BoxClient, exam: ExamId, clock: BoxClock, pauses_s: tuple[float, ...] = ()
    ) -> None:
        self.exam_id = exam
        self.clock = clock
        self.view = HallView()
        self.feed = FeedLink(client, exam, self._on_link, pauses_s or PAUSES_S)
        self._pending = Changes()
        self._was_lost = False
        self._telling: asyncio.TimerHandle | None = None
        self._listeners: list[Listener] = []

    @property
    def link(self) -> Link:
        return self.feed.link

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on; the answer stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> None:
        """Follow the feed until the box ends it or the task is cancelled."""
        try:
            async for message in self.feed.messages():
                self._take(message)
        except HallvaktError as error:
            self._pending.ended = error
            self._tell_soon()

    def learn(self, news: SeatStatus | Incident) -> None:
        """Show an answer of the box at once instead of waiting for the feed to say the same."""
        match news:
            case SeatStatus():
                if news.attempt_id in self.view.seats:
                    self._replace_seat(news)
            case Incident():
                self._replace_incident(news)
        self._tell_soon()

    def _replace_seat(self, seat: SeatStatus) -> None:
        old = self.view.seats[seat.attempt_id]
        if seat.name is None and old.name is not None:
            return  # an answer without the name must not hide it; the feed follows
        self.view = replace(self.view, seats={**self.view.seats, seat.attempt_id: seat})
        self._pending.seats.add(seat.attempt_id)

    def _replace_incident(self, incident: Incident) -> None:
        incidents = {**self.view.incidents, incident.incident_id: incident}
        self.view = replace(self.view, incidents=incidents)
        self._pending.incidents = True

    def _take(self, message: FeedMessage) -> None:
        self.clock.heard(message.at)
        instead = isinstance(message.data, HallSnapshot)
        if self.view.exam is not None and (instead or self._was_lost):
            self._pending.caught_up = not instead
        self._was_lost = False
        self.view = apply(self.view, message)
        match message.data:
            case HallSnapshot():
                self._pending.everything = True
            case SeatStatus() as seat:
                self._pending.seats.add(seat.attempt_id)
            case Announcement() as announcement:
                self._pending.announcements.append(announcement)
            case _:
                self._pending.incidents = True
        self._tell_soon()

    def _on_link(self, link: Link) -> None:
        self._was_lost |= link is Link.LOST
        self._pending.link = True
        self._tell_soon()

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_EVERY_S, self._tell)

    def _tell(self) -> None:
        self._telling = None
        changes, self._pending = self._pending, Changes()
        for listener in tuple(self._listeners):
            listener(changes)
