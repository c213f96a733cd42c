"""What a hall event may take away, and what comes too late to be written."""

from __future__ import annotations

from appliance.core.ids import ObservationId, UserId
from appliance.core.incident import decide
from appliance.core.observation import Decision, Observation, ObservationKind, Strength
from appliance.core.rules import ObservationStarted
from appliance.services.incident_book import IncidentBook, Written
from tests.unit.services.watch_room import EXAM, Room, attempt


def started(number: int) -> ObservationStarted:
    return ObservationStarted(
        Observation(
            observation_id=ObservationId(f"{number:032x}"),
            attempt_id=attempt(number).attempt_id,
            kind=ObservationKind.NOISE,
            started_ms=1_000_000 + number,
            ended_ms=None,
            duration_s=5.0,
            strength=Strength.CLEAR,
        )
    )


def book(room: Room) -> IncidentBook:
    return IncidentBook(room.observations, room.randomness, lambda *_: None, room.locks)


async def test_a_persons_word_outlasts_a_hall_event() -> None:
    room = Room()
    pages = book(room)
    (first,) = (await pages.write(room.exam, attempt(1), [started(1)], 4)).incidents
    await room.observations.put_incident(
        decide(first, Decision.CONFIRMED, by=UserId("u" * 32), at_ms=1, category=None)
    )
    for number in (2, 3):
        written = await pages.write(room.exam, attempt(number), [started(number)], 4)
    assert len(written.hall_events) == 1
    kept = await room.observations.incident(first.incident_id)
    assert (kept.decision, len(kept.observations)) == (Decision.CONFIRMED, 1)
    others = [i for i in await room.observations.incidents(EXAM) if i.decision is None]
    assert [i.kinds for i in others] == [()]


async def test_a_hall_event_outlives_the_gateway_and_goes_on() -> None:
    room = Room()
    for number in (1, 2, 3):
        written = await book(room).write(room.exam, attempt(number), [started(number)], 4)
        assert written.hall_events == ()  # each by itself is nothing
    first = book(room)
    for number in (4, 5, 6):
        written = await first.write(room.exam, attempt(number), [started(number)], 4)
    (event,) = written.hall_events
    assert event.seats == ("A4", "A5", "A6")
    assert list(await room.observations.hall_events(EXAM)) == [event]
    second = book(room)  # the same stores, as after a restart
    (grown,) = (await second.write(room.exam, attempt(7), [started(7)], 4)).hall_events
    assert grown.seats == ("A4", "A5", "A6", "A7")
    assert grown.started_ms == event.started_ms
    assert list(await room.observations.hall_events(EXAM)) == [grown]


async def test_after_close_nothing_more_is_written() -> None:
    room = Room()
    pages = book(room)
    await pages.close(EXAM)
    assert await pages.write(room.exam, attempt(1), [started(1)], 4) == Written()
    assert room.observations.rows == {}
