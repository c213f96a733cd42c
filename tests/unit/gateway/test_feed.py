"""A console that does not read is dropped to a fresh snapshot, in bounded memory."""

from __future__ import annotations

from appliance.core.attempt import AttemptState
from appliance.core.exam import ExamState
from appliance.core.feed import BoxStatus, ExamStatus, FeedKind, HallSnapshot, SeatStatus
from appliance.core.ids import AttemptId, ExamId
from appliance.core.settings import Features
from appliance.services.feed import QUEUE_MESSAGES, RING_MESSAGES, ExamFeed, Viewer
from tests.support.fake_clock import FakeClock

EXAM = ExamId("e" * 32)


def _feed(clock: FakeClock | None = None) -> ExamFeed:
    feed = ExamFeed(
        clock or FakeClock(),
        ExamStatus(
            exam_id=EXAM,
            title="Exam",
            code="ABCDEF",
            state=ExamState.LIVE,
            features=Features(),
            duration_minutes=60,
        ),
        BoxStatus(
            relay=False, disk_used_percent=1, consoles=0, workers=1, backlog=0, unlocked=True
        ),
    )
    feed.load({seat.attempt_id: seat for seat in (_seat("A1", "a"), _seat("B1", "b", "Annex"))}, ())
    return feed


def _seat(label: str, digit: str, hall: str = "Aula", acknowledged: int = 0) -> SeatStatus:
    return SeatStatus(
        attempt_id=AttemptId(digit * 32),
        hall=hall,
        seat=label,
        pseudonym=digit * 4,
        state=AttemptState.RECORDING,
        acknowledged=acknowledged,
    )


async def test_a_slow_console_gets_the_last_state_and_no_queue_grows() -> None:
    feed = _feed()
    slow = feed.subscribe(Viewer())
    await slow.next()
    for number in range(10 * QUEUE_MESSAGES):
        feed.publish(FeedKind.SEAT, _seat("A1", "a", acknowledged=number))
    assert slow.dropped == 1
    message = await slow.next()
    assert message is not None
    assert isinstance(message.data, HallSnapshot)
    assert message.seq == feed.view.seq
    assert message.data.seats[0].acknowledged == 10 * QUEUE_MESSAGES - 1


async def test_resuming_gives_exactly_what_was_missed_or_a_snapshot() -> None:
    feed = _feed()
    start = feed.view.seq
    for number in range(RING_MESSAGES + 1):
        feed.publish(FeedKind.SEAT, _seat("A1", "a", acknowledged=number))
    recent = feed.subscribe(Viewer(), after=feed.view.seq - 2)
    numbers = [m.seq for m in (await recent.next(), await recent.next()) if m]
    assert numbers == [feed.view.seq - 1, feed.view.seq]
    old = await feed.subscribe(Viewer(), after=start).next()
    assert old is not None
    assert old.kind is FeedKind.SNAPSHOT


async def test_numbers_grow_over_a_restart() -> None:
    clock = FakeClock()
    before = _feed(clock)
    for _ in range(500):
        before.publish(FeedKind.SEAT, _seat("A1", "a"))
    clock.advance(1)
    assert _feed(clock).view.seq > before.view.seq


async def test_names_and_halls_are_for_those_who_may_see_them() -> None:
    feed = _feed()
    plain, named = (
        feed.subscribe(Viewer(halls=frozenset({"Annex"}))),
        feed.subscribe(Viewer(names=lambda attempt: (f"Name {attempt[0]}", "7"))),
    )
    first, second = await plain.next(), await named.next()
    assert first is not None
    assert second is not None
    assert isinstance(first.data, HallSnapshot)
    assert isinstance(second.data, HallSnapshot)
    assert [(s.seat, s.name) for s in first.data.seats] == [("B1", None)]
    assert [s.name for s in second.data.seats] == ["Name a", "Name b"]
    feed.publish(FeedKind.SEAT, _seat("A1", "a", acknowledged=1))
    feed.publish(FeedKind.SEAT, _seat("B1", "b", "Annex", acknowledged=2))
    message = await plain.next()
    assert message is not None
    assert isinstance(message.data, SeatStatus)
    assert message.data.acknowledged == 2
