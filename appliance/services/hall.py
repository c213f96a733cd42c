"""The halls of the exams in session: what every seat shows, kept in memory from stored rows and
what happens, and published to the feed on change only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from appliance.core.attempt import FINISHED, NO_CAMERA, Attempt, AttemptState, LinkState
from appliance.core.attendance import Break, total_ms
from appliance.core.errors import WrongState
from appliance.core.exam import Exam
from appliance.core.feed import (
    Announcement,
    BoxStatus,
    ExamStatus,
    FeedData,
    FeedKind,
    SeatStatus,
)
from appliance.core.handover import NOTHING_YET, Handover
from appliance.core.ids import AttemptId, ExamId, pseudonym
from appliance.core.incident import is_withdrawn
from appliance.core.observation import HallEvent, Incident, Strength
from appliance.core.ports import Clock
from appliance.services.candidate_status import late_until_ms
from appliance.services.feed import ExamFeed

LINK_LOST_AFTER_S = 20.0  # two snippets of the default length
_ORDER = {Strength.WEAK: 0, Strength.CLEAR: 1, Strength.STRONG: 2}


def exam_status(exam: Exam) -> ExamStatus:
    return ExamStatus(
        exam_id=exam.exam_id,
        title=exam.settings.title,
        code=exam.code,
        state=exam.state,
        features=exam.settings.features,
        duration_minutes=exam.settings.duration_minutes,
        started_ms=exam.started_ms,
        closed_ms=exam.closed_ms,
        late_until_ms=late_until_ms(exam),
    )


def _stored_fields(attempt: Attempt) -> dict[str, Any]:
    return {
        "hall": attempt.seat.hall,
        "seat": attempt.seat.label,
        "pseudonym": pseudonym(attempt.attempt_id),
        "state": attempt.state,
        "camera": attempt.camera,
        "hand_raised": attempt.hand_raised,
        "break_started_ms": attempt.break_started_ms,
        "extra_minutes": attempt.extra_minutes,
        "roster_minutes": attempt.roster_minutes,
        "identity_checked_by_hand": attempt.identity_checked_by_hand,
        "switched_off": attempt.switched_off,
        "portrait": attempt.portrait_accepted,
        "admitted_late_ms": attempt.admitted_late_ms,
    }


class Halls:
    """All exams in session. `box_status` says how the box is right now."""

    def __init__(self, clock: Clock, box_status: Callable[[ExamId], BoxStatus]) -> None:
        self._clock = clock
        self._box_status = box_status
        self._feeds: dict[ExamId, ExamFeed] = {}
        self._exam_of: dict[AttemptId, ExamId] = {}
        self._last_contact: dict[AttemptId, float] = {}
        self._connected: set[AttemptId] = set()

    def enter(
        self,
        exam: Exam,
        attempts: list[Attempt],
        incidents: list[Incident],
        acknowledged: dict[AttemptId, tuple[int, int | None]],
        breaks: Mapping[AttemptId, Sequence[Break]],
        handover: Handover = NOTHING_YET,
        hall_events: Sequence[HallEvent] = (),
    ) -> ExamFeed:
        """Put an exam on show. `acknowledged`: per attempt (without a gap, highest)."""
        feed = ExamFeed(self._clock, exam_status(exam), self._box_status(exam.exam_id))
        seats = {}
        for attempt in attempts:
            solid, highest = acknowledged.get(attempt.attempt_id, (0, None))
            self._exam_of[attempt.attempt_id] = exam.exam_id
            seats[attempt.attempt_id] = SeatStatus(
                attempt_id=attempt.attempt_id,
                acknowledged=solid,
                last_sequence=highest,
                breaks=len(breaks.get(attempt.attempt_id, ())),
                break_total_ms=total_ms(breaks.get(attempt.attempt_id, ())),
                link=LinkState.NEVER if attempt.joined_ms is None else LinkState.LOST,
                **_stored_fields(attempt),
            )
            seats[attempt.attempt_id] = self._dated(seats[attempt.attempt_id], feed.view.exam)
        feed.load(seats, tuple(incidents), handover, tuple(hall_events))
        self._feeds[exam.exam_id] = feed
        for attempt in attempts:
            self._count_incidents(feed, attempt.attempt_id)
        return feed

    def leave(self, exam: ExamId) -> None:
        """Take a closed exam off: its consoles get what is queued, then their feed ends."""
        feed = self._feeds.pop(exam, None)
        if feed is None:
            return
        feed.end()
        for attempt in feed.view.seats:
            self._exam_of.pop(attempt, None)
            self._last_contact.pop(attempt, None)
            self._connected.discard(attempt)

    def feed(self, exam: ExamId) -> ExamFeed:
        try:
            return self._feeds[exam]
        except KeyError:
            raise WrongState("The exam is not in session: open it first.") from None

    def in_session(self) -> list[ExamId]:
        return list(self._feeds)

    def seats_by_state(self) -> Counter[AttemptState]:
        """Over all exams in session."""
        return Counter(
            seat.state for feed in self._feeds.values() for seat in feed.view.seats.values()
        )

    @property
    def consoles(self) -> int:
        """How many follow a feed now, over all exams."""
        return sum(feed.consoles for feed in self._feeds.values())

    # --- what happens ---------------------------------------------------------------------------

    def publish(self, exam: ExamId, kind: FeedKind, data: FeedData) -> None:
        """Tell the exam's consoles; nothing to do when the exam is no longer in session."""
        feed = self._feeds.get(exam)
        if feed is None:
            return
        feed.publish(kind, data)
        if isinstance(data, Incident):
            self._count_incidents(feed, data.attempt_id)

    def announce(
        self, exam: ExamId, text: str, *, level: str = "info", attempt: AttemptId | None = None
    ) -> None:
        self.publish(
            exam, FeedKind.NOTICE, Announcement(level=level, text=text, attempt_id=attempt)
        )

    def exam_changed(self, exam: Exam) -> None:
        self.publish(exam.exam_id, FeedKind.EXAM, exam_status(exam))

    def attempt_changed(self, attempt: Attempt) -> None:
        self.update(attempt.attempt_id, **_stored_fields(attempt))

    def update(self, attempt: AttemptId, **changes: Any) -> None:
        """Set fields of the seat and publish it when one of them is new."""
        feed = self._feed_of(attempt)
        if feed is None:
            return
        before = feed.seat(attempt)
        after = self._dated(replace(before, **changes), feed.view.exam)
        if after != before:
            feed.publish(FeedKind.SEAT, after)

    def seat(self, attempt: AttemptId) -> SeatStatus | None:
        feed = self._feed_of(attempt)
        return feed.view.seats.get(attempt) if feed else None

    def contact(self, attempt: AttemptId) -> None:
        """The candidate's page was heard of just now."""
        self._last_contact[attempt] = self._clock.monotonic()
        self.update(attempt, link=LinkState.UP, link_lost_ms=None)

    def connected(self, attempt: AttemptId) -> None:
        """The page's channel is open: in contact until `disconnected`."""
        self._connected.add(attempt)
        self.contact(attempt)

    def disconnected(self, attempt: AttemptId) -> None:
        self._connected.discard(attempt)
        self._last_contact[attempt] = self._clock.monotonic()

    def tick(self) -> None:
        """Once a second: links that fell silent, and the box's own state."""
        now = self._clock.monotonic()
        for exam, feed in self._feeds.items():
            for seat in list(feed.view.seats.values()):
                if seat.link is LinkState.UP and self._silent(seat, now):
                    self.update(
                        seat.attempt_id, link=LinkState.LOST, link_lost_ms=self._clock.now_ms()
                    )
            status = self._box_status(exam)
            if status != feed.view.box:
                feed.publish(FeedKind.BOX, status)

    # --- inside ---------------------------------------------------------------------------------

    def _dated(self, seat: SeatStatus, exam: ExamStatus | None) -> SeatStatus:
        """`seat` with the moment from which its pictures are due. After a restart that is now: what
        came before is not known, and a seat that sends gets its time to do so."""
        due = (
            exam is not None
            and exam.features.video_snippets
            and seat.state is AttemptState.RECORDING
            and seat.camera not in NO_CAMERA
        )
        if due is (seat.recording_since_ms is not None):
            return seat
        return replace(seat, recording_since_ms=self._clock.now_ms() if due else None)

    def _silent(self, seat: SeatStatus, now: float) -> bool:
        if seat.attempt_id in self._connected or seat.state in FINISHED:
            return False
        return now - self._last_contact.get(seat.attempt_id, 0.0) > LINK_LOST_AFTER_S

    def _feed_of(self, attempt: AttemptId) -> ExamFeed | None:
        exam = self._exam_of.get(attempt)
        return self._feeds.get(exam) if exam else None

    def _count_incidents(self, feed: ExamFeed, attempt: AttemptId) -> None:
        undecided = [
            i
            for i in feed.view.incidents.values()
            if i.attempt_id == attempt and i.decision is None and not is_withdrawn(i)
        ]
        strengths = [i.strength for i in undecided]
        self.update(
            attempt,
            open_incidents=len(undecided),
            strongest=max(strengths, key=_ORDER.__getitem__) if strengths else None,
        )
