"""From snippets to incidents: what is asked for, what is written, what is never lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from appliance.core.attempt import AttemptState
from appliance.core.errors import NoRoom, Unreachable
from appliance.core.feed import Announcement
from appliance.core.ids import UserId
from appliance.core.incident import decide
from appliance.core.observation import Decision, ObservationKind
from appliance.core.processing import Category
from appliance.core.settings import Features
from tests.support import measurements as m
from tests.support.measurements import START_MS, during, series
from tests.unit.services.watch_room import ALL_ON, EXAM, Room, attempt, exam

TWO_FACES = list(series(120, during(60, 84, m.TWO_FACES)))


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_second_person_becomes_an_incident_that_ends(room: Room) -> None:
    for measured in TWO_FACES:
        looked = await room.look(attempt(), measured)
        assert looked.measured
        assert looked.thumbnail
    (incident,) = room.incidents.values()
    assert incident.kinds == (ObservationKind.SEVERAL_FACES,)
    assert not incident.ongoing
    assert incident.opened_ms == START_MS + 60_000
    assert await room.observations.incident(incident.incident_id) == incident
    assert not await room.snippets.not_analysed(EXAM)
    assert [(a, s) for a, s, _ in room.thumbnails] == [
        (attempt().attempt_id, n) for n in range(1, 13)
    ]


async def test_only_what_is_permitted_is_asked_for(room: Room) -> None:
    await room.look(attempt(), TWO_FACES[0])
    room.exam = exam(replace(ALL_ON, track_misuse_metrics=False))
    await room.look(attempt(), TWO_FACES[1])
    room.exam = exam(Features(video_snippets=True))
    await room.look(attempt(), TWO_FACES[2])
    everything, no_faces, picture_only = room.workers.asked
    assert everything.permitted == frozenset(
        {
            Category.THUMBNAIL,
            Category.SOUND_PRESENCE,
            Category.PICTURE_QUALITY,
            Category.FACE_COUNT,
            Category.HEAD_POSE,
            Category.DESCRIPTOR,
        }
    )
    assert no_faces.permitted == frozenset(
        {Category.THUMBNAIL, Category.SOUND_PRESENCE, Category.PICTURE_QUALITY}
    )
    assert no_faces.reference is None
    assert picture_only.permitted == frozenset({Category.THUMBNAIL, Category.PICTURE_QUALITY})


async def test_with_nothing_permitted_no_worker_is_asked(room: Room) -> None:
    room.exam = exam(Features(live_view=True))
    looked = await room.look(attempt(), TWO_FACES[0])
    assert not looked.measured
    assert room.workers.asked == []
    assert not await room.snippets.not_analysed(EXAM)


async def test_with_metrics_off_faces_in_an_answer_are_not_judged(room: Room) -> None:
    """Even if a worker measured what it was not asked for."""
    room.exam = exam(replace(ALL_ON, track_misuse_metrics=False))
    for measured in TWO_FACES:
        await room.look(attempt(), measured)
    assert room.published == []


async def test_no_vector_without_a_photo_or_after_a_person_checked(room: Room) -> None:
    await room.look(attempt(), TWO_FACES[0], reference=None)
    await room.look(replace(attempt(), identity_checked_by_hand=True), TWO_FACES[1])
    await room.look(attempt(), TWO_FACES[2])
    assert [Category.DESCRIPTOR in r.permitted for r in room.workers.asked] == [False, False, True]
    assert [r.reference for r in room.workers.asked] == [None, None, b"reference"]


async def test_checking_by_hand_ends_a_doubt_about_identity(room: Room) -> None:
    snippets = list(series(120, during(60, 120, m.OTHER)))
    for measured in snippets[:9]:
        await room.look(attempt(), measured)
    assert [i.ongoing for i in room.incidents.values()] == [True]
    for measured in snippets[9:]:
        await room.look(replace(attempt(), identity_checked_by_hand=True), measured)
    assert [i.ongoing for i in room.incidents.values()] == [False]


async def test_the_workers_state_goes_round(room: Room) -> None:
    for measured in TWO_FACES[:3]:
        await room.look(attempt(), measured)
    assert [r.state for r in room.workers.asked] == [b"", b"after A1/1", b"after A1/2"]


async def test_a_late_older_snippet_neither_gets_nor_leaves_state(room: Room) -> None:
    for measured in (TWO_FACES[0], TWO_FACES[2], TWO_FACES[1], TWO_FACES[3]):
        await room.look(attempt(), measured)
    assert [r.state for r in room.workers.asked] == [b"", b"after A1/1", b"", b"after A1/3"]


async def test_snippets_that_wait_are_taken_in_order_of_number(room: Room) -> None:
    room.workers.hold = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in (0, 4, 2, 3, 1):
            group.create_task(room.look(attempt(), TWO_FACES[number]))
        other = group.create_task(room.look(attempt(2), TWO_FACES[0]))
        await asyncio.sleep(0)
        assert {r.media for r in room.workers.asked} == {b"A1/1", b"A2/1"}
        room.workers.hold.set()
    assert other.result().measured
    asked = [r.media for r in room.workers.asked if r.media.startswith(b"A1")]
    assert asked == [b"A1/1", b"A1/2", b"A1/3", b"A1/4", b"A1/5"]


async def test_a_snippet_after_close_is_not_looked_at(room: Room) -> None:
    assert not (await room.look(attempt(), TWO_FACES[0], late=True)).measured
    assert room.workers.asked == []


async def test_nothing_is_judged_on_a_break(room: Room) -> None:
    """What holds ends with the break; footage from it is not even looked at."""
    snippets = list(series(140, during(60, 140, m.NOBODY)))
    for measured in snippets[:8]:
        await room.look(attempt(), measured)
    out = replace(
        attempt(state=AttemptState.ON_BREAK), break_started_ms=snippets[8].started_ms + 4_000
    )
    await room.watch.pause(room.exam, out)
    assert [i.ongoing for i in room.incidents.values()] == [False]
    ended = next(iter(room.incidents.values()))
    asked = len(room.workers.asked)
    for measured in snippets[8:11]:
        await room.look(out, measured)
    assert len(room.workers.asked) == asked + 1  # only the one that began before the break
    assert next(iter(room.incidents.values())).last_ms == ended.last_ms
    for measured in series(400, during(300, 320, m.NOBODY)):
        if measured.sequence > 20:  # back at the seat
            await room.look(attempt(), measured)
    assert [i.opened_ms for i in room.incidents.values()] == [START_MS + 60_000, START_MS + 300_000]


async def test_a_break_that_begins_during_a_look_still_counts(room: Room) -> None:
    snippets = list(series(100, during(60, 100, m.NOBODY)))
    for measured in snippets[:6]:
        await room.look(attempt(), measured)
    out = replace(attempt(state=AttemptState.ON_BREAK), break_started_ms=snippets[6].started_ms)
    tasks: list[asyncio.Task[None]] = []

    def leave() -> None:
        tasks.append(asyncio.ensure_future(room.watch.pause(room.exam, out)))

    room.workers.hold = asyncio.Event()
    look = asyncio.ensure_future(room.look(attempt(), snippets[6]))
    await asyncio.sleep(0)
    leave()
    await asyncio.gather(*tasks)
    room.workers.hold.set()
    await look
    assert room.published == []


async def test_after_hand_in_nothing_is_judged(room: Room) -> None:
    done = replace(attempt(state=AttemptState.HANDED_IN), finished_ms=START_MS + 60_000)
    for measured in TWO_FACES:
        await room.look(done, measured)
    assert room.published == []
    assert not await room.snippets.not_analysed(EXAM)


@pytest.mark.parametrize("code", ["unreadable", "worker-timeout"])
async def test_a_failure_is_counted_announced_once_and_loses_nothing(room: Room, code: str) -> None:
    room.workers.fail_with = [code] * 20
    for measured in TWO_FACES[:3]:
        assert (await room.look(attempt(), measured)).failure == code
    assert room.watch.failures(EXAM) == 3
    assert len(room.of(Announcement)) == 1
    assert len(await room.snippets.not_analysed(EXAM)) == 3
    room.workers.fail_with = []
    for measured in TWO_FACES[3:]:
        await room.look(attempt(), measured)
    assert len(room.incidents) == 1


async def test_a_worker_that_died_is_asked_once_more(room: Room) -> None:
    room.workers.fail_with = ["worker-died"]
    assert (await room.look(attempt(), TWO_FACES[0])).measured
    room.workers.fail_with = [Unreachable("No worker.", code="no-worker")]
    assert (await room.look(attempt(), TWO_FACES[1])).failure == "no-worker"


async def test_a_thumbnail_that_cannot_be_kept_does_not_stop_the_judging(room: Room) -> None:
    room.thumbnail_error = NoRoom("The disk is full.")
    for measured in TWO_FACES:
        assert not (await room.look(attempt(), measured)).thumbnail
    assert len(room.incidents) == 1
    assert room.thumbnails == []


async def test_a_decided_incident_is_not_reopened(room: Room) -> None:
    twice = during(60, 84, m.TWO_FACES, otherwise=during(100, 120, m.TWO_FACES))
    snippets = list(series(140, twice))
    for measured in snippets[:9]:
        await room.look(attempt(), measured)
    (first,) = room.incidents.values()
    await room.observations.put_incident(
        decide(first, Decision.DISMISSED, by=UserId("u" * 32), at_ms=START_MS, category=None)
    )
    for measured in snippets[9:]:
        await room.look(attempt(), measured)
    before, after = await room.observations.incidents(EXAM)
    assert (before.decision, after.decision) == (Decision.DISMISSED, None)
    assert not before.ongoing


async def test_the_same_at_many_seats_is_a_hall_event_against_nobody(room: Room) -> None:
    for measured in TWO_FACES[:6]:
        for number in range(1, 9):
            await room.look(attempt(number), measured)
    for measured in TWO_FACES[6:]:
        for number in range(1, 5):
            await room.look(attempt(number), measured)
        for number in range(5, 9):
            await room.look(attempt(number), series_of_nothing(measured.sequence))
    (event,) = room.watch.hall_events(EXAM)
    assert event.seats == ("A1", "A2", "A3", "A4")
    assert [i for i in room.incidents.values() if i.kinds] == []
    kept = list(room.observations.rows.values())
    assert len(kept) == 4
    assert all(o.incident_id is None and o.ended_ms is not None for o in kept)


def series_of_nothing(sequence: int) -> m.Measured:
    return list(series(120))[sequence - 1]


async def test_what_an_earlier_gateway_left_open_is_ended(room: Room) -> None:
    for measured in TWO_FACES[:8]:
        await room.look(attempt(), measured)
    assert [i.ongoing for i in room.incidents.values()] == [True]
    room.watch = room.gateway()
    await room.look(attempt(), TWO_FACES[11])
    assert [i.ongoing for i in room.incidents.values()] == [False]


async def test_settle_ends_what_nobody_can_see_any_more(room: Room) -> None:
    for measured in TWO_FACES[:8]:
        await room.look(attempt(), measured)
    await room.watch.settle(EXAM)
    assert [i.ongoing for i in room.incidents.values()] == [True]
    room.clock.advance(120)
    await room.watch.settle(EXAM)
    assert [i.ongoing for i in room.incidents.values()] == [False]


async def test_a_look_that_ends_after_the_exam_is_forgotten_writes_nothing(room: Room) -> None:
    for measured in TWO_FACES[:6]:
        await room.look(attempt(), measured)
    room.workers.hold = asyncio.Event()
    look = asyncio.ensure_future(room.look(attempt(), TWO_FACES[6]))
    await asyncio.sleep(0)
    await room.watch.forget_exam(EXAM)
    room.workers.hold.set()
    assert not (await look).measured
    assert room.published == []
    assert room.observations.rows == {}


async def test_a_look_that_is_given_up_lets_the_next_one_in(room: Room) -> None:
    room.workers.hold = asyncio.Event()
    looks = [asyncio.ensure_future(room.look(attempt(), s)) for s in TWO_FACES[:3]]
    await asyncio.sleep(0)
    looks[1].cancel()
    looks[0].cancel()
    await asyncio.gather(*looks[:2], return_exceptions=True)
    room.workers.hold.set()
    assert (await looks[2]).measured
