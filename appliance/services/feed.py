"""The feed: each exam's messages in order, to any number of consoles, none of which can slow
the box.

A console that reads too slowly is not waited for: its queue is emptied and it gets a fresh
snapshot instead. Messages carry no names; a subscription adds them for a viewer who may see
them (`NameBook`), at the moment of sending.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from appliance.core.errors import NotFound
from appliance.core.feed import (
    BoxStatus,
    ExamStatus,
    FeedData,
    FeedKind,
    FeedMessage,
    HallSnapshot,
    HallView,
    SeatStatus,
    apply,
)
from appliance.core.handover import NOTHING_YET, Handover, ShiftNote
from appliance.core.ids import AttemptId
from appliance.core.observation import HallEvent, Incident
from appliance.core.ports import Clock

RING_MESSAGES = 2000
QUEUE_MESSAGES = 200

NameBook = Callable[[AttemptId], tuple[str, str] | None]
"""The name and the school's number of a candidate, for one viewer; None while nobody may know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """What one console may be sent. `halls` None means all; `names` None means no names."""

    halls: frozenset[str] | None = None
    names: NameBook | None = None


def named(seat: SeatStatus, names: NameBook) -> SeatStatus:
    """`seat` with who sits there, as far as `names` tells."""
    name, number = names(seat.attempt_id) or (None, None)
    return replace(seat, name=name, number=number)


def _nobody(_attempt: AttemptId) -> str | None:
    return None


@dataclass(slots=True, eq=False)
class Subscription:
    """One console's side of the feed. Use from one task."""

    _hub: ExamFeed
    viewer: Viewer
    _waiting: deque[FeedMessage] = field(default_factory=deque)
    _stale: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    dropped: int = 0  # how often this console was too slow

    def offer(self, message: FeedMessage) -> None:
        if len(self._waiting) >= QUEUE_MESSAGES:
            self._waiting.clear()
            self._stale = True
            self.dropped += 1
        if not self._stale:
            self._waiting.append(message)
        self._wake.set()

    def start_over(self) -> None:
        """Give a fresh snapshot next."""
        self._waiting.clear()
        self._stale = True
        self._wake.set()

    def close(self) -> None:
        """What is queued is still given out, then `next` returns None."""
        self.closed = True
        self._wake.set()

    async def next(self) -> FeedMessage | None:
        """The next message this viewer may see; None when the feed has ended."""
        while True:
            if self._stale:
                self._stale = False
                return self._tailored(self._hub.snapshot())
            while self._waiting:
                message = self._tailored(self._waiting.popleft())
                if message is not None:
                    return message
            if self.closed:
                return None
            self._wake.clear()
            await self._wake.wait()

    def _tailored(self, message: FeedMessage) -> FeedMessage | None:
        data = message.data
        match data:
            case HallSnapshot():
                seats = {s.attempt_id for s in data.seats if self._in_view(s.hall)}
                data = replace(
                    data,
                    seats=tuple(self._named(s) for s in data.seats if s.attempt_id in seats),
                    incidents=tuple(i for i in data.incidents if i.attempt_id in seats),
                    hall_events=tuple(e for e in data.hall_events if self._in_view(e.hall)),
                    shift_notes=tuple(n for n in data.shift_notes if self._for_me(n)),
                    seen=tuple(s for s in data.seen if s.attempt_id in seats),
                )
            case SeatStatus():
                if not self._in_view(data.hall):
                    return None
                data = self._named(data)
            case HallEvent():
                if not self._in_view(data.hall):
                    return None
            case Incident():
                if not self._in_view(self._hub.hall_of(data.attempt_id)):
                    return None
            case ShiftNote():
                if not self._for_me(data):
                    return None
            case _:
                about = getattr(data, "attempt_id", None)
                if about is not None and not self._in_view(self._hub.hall_of(about)):
                    return None
        return replace(message, data=data)

    def _in_view(self, hall: str) -> bool:
        return self.viewer.halls is None or hall in self.viewer.halls

    def _for_me(self, note: ShiftNote) -> bool:
        return note.hall is None or self._in_view(note.hall)

    def _named(self, seat: SeatStatus) -> SeatStatus:
        if self.viewer.names is None:
            return seat
        return named(seat, self.viewer.names)


class ExamFeed:
    """One exam's hall as it is now, and everyone who watches it."""

    def __init__(self, clock: Clock, exam: ExamStatus, box: BoxStatus) -> None:
        self._clock = clock
        # From the wall clock, so that numbers grow over restarts; a thousand a millisecond.
        self.view = HallView(seq=clock.now_ms() * 1000, exam=exam, box=box)
        self._ring: deque[FeedMessage] = deque(maxlen=RING_MESSAGES)
        self._subscriptions: set[Subscription] = set()

    @property
    def consoles(self) -> int:
        return len(self._subscriptions)

    def publish(self, kind: FeedKind, data: FeedData) -> FeedMessage:
        message = FeedMessage(seq=self.view.seq + 1, at=self._clock.now_ms(), kind=kind, data=data)
        self.view = apply(self.view, message)
        self._ring.append(message)
        for subscription in self._subscriptions:
            subscription.offer(message)
        return message

    def load(
        self,
        seats: Mapping[AttemptId, SeatStatus],
        incidents: tuple[Incident, ...],
        handover: Handover = NOTHING_YET,
        hall_events: tuple[HallEvent, ...] = (),
    ) -> None:
        """Set the hall as stored (start of the gateway, a new roster); consoles start over."""
        self.view = replace(
            self.view,
            seq=self.view.seq + 1,
            seats=dict(seats),
            incidents={i.incident_id: i for i in incidents},
            shift_notes=handover.notes,
            duty=handover.duty,
            seen={s.incident_id: s for s in handover.seen},
            hall_events=hall_events,
        )
        self._ring.clear()
        self.start_over()

    def start_over(self) -> None:
        """Every console gets a fresh snapshot next."""
        for subscription in self._subscriptions:
            subscription.start_over()

    def snapshot(self) -> FeedMessage:
        view = self.view
        assert view.exam is not None
        assert view.box is not None
        return FeedMessage(
            seq=view.seq,
            at=self._clock.now_ms(),
            kind=FeedKind.SNAPSHOT,
            data=HallSnapshot(
                exam=view.exam,
                seats=tuple(view.seats.values()),
                incidents=tuple(view.incidents.values()),
                hall_events=view.hall_events,
                box=view.box,
                shift_notes=view.shift_notes,
                duty=view.duty,
                seen=tuple(view.seen.values()),
            ),
        )

    def hall_of(self, attempt: AttemptId) -> str:
        seat = self.view.seats.get(attempt)
        return seat.hall if seat else ""

    def seat(self, attempt: AttemptId) -> SeatStatus:
        try:
            return self.view.seats[attempt]
        except KeyError:
            raise NotFound("There is no such candidate in this exam.") from None

    def subscribe(self, viewer: Viewer, after: int | None = None) -> Subscription:
        """From `after` on when everything since is still at hand, else from a snapshot."""
        subscription = Subscription(self, viewer)
        missed = self._since(after)
        if missed is None:
            subscription.start_over()
        else:
            for message in missed:
                subscription.offer(message)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    def end(self) -> None:
        """Every console gets what is queued for it, then its feed ends."""
        for subscription in self._subscriptions:
            subscription.close()

    def _since(self, after: int | None) -> list[FeedMessage] | None:
        if after is None or after > self.view.seq:
            return None
        if after == self.view.seq:
            return []
        if not self._ring or self._ring[0].seq > after + 1:
            return None
        return [m for m in self._ring if m.seq > after]
