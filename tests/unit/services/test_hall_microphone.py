"""When the hall's microphone may listen, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.exam import ExamState
from appliance.core.feed import BoxStatus, HallMicrophoneState
from appliance.core.hall_sound import HeardWindow
from appliance.core.observation import HallEvent, ObservationKind
from appliance.core.settings import Features
from appliance.services.hall import Halls
from appliance.services.hall_microphone import HallMicrophone
from tests.support.measurements import TALK
from tests.unit.services.watch_room import EXAM, Room, attempt, exam

LIVE = replace(
    exam(),
    state=ExamState.LIVE,
    settings=replace(exam().settings, features=Features(hall_microphone=True)),
)
BOX = BoxStatus(relay=True, disk_used_percent=1, consoles=0, workers=1, backlog=0, unlocked=True)


class OneExam:
    """As much of `core.ports.ExamStore` as is asked for."""

    def __init__(self) -> None:
        self.exam = LIVE

    async def get(self, _exam: object) -> object:
        return self.exam


class Hall:
    def __init__(self, stands_in: str = "A") -> None:
        self.room = Room()
        self.exams = OneExam()
        self.clock = self.room.clock
        self.halls = Halls(self.clock, lambda _: BOX)
        self.microphone = HallMicrophone(
            hall=stands_in,
            exams=self.exams,  # type: ignore[arg-type]
            halls=self.halls,
            watch=self.room.watch,
            clock=self.clock,
        )
        self.enter()

    def enter(self) -> None:
        self.halls.enter(self.exams.exam, [attempt(1)], [], {}, {})

    async def second(self, *, heard: bool = True) -> bool:
        self.clock.advance(1)
        window = HeardWindow(started_ms=self.clock.now_ms() - 1_000, sound=TALK)
        listen = await self.microphone.report(heard=heard, windows=[window])
        await self.microphone.tick()
        return listen

    @property
    def announced(self) -> list[str]:
        return [a.text for a in self.halls.feed(EXAM).view.announcements]


async def test_it_listens_while_such_an_exam_is_live_and_what_it_hears_is_told() -> None:
    hall = Hall()
    for _ in range(8):
        assert await hall.second()
    assert hall.microphone.state(EXAM) is HallMicrophoneState.HEARD
    (stored,) = await hall.room.observations.hall_events(EXAM)
    assert stored.kind is ObservationKind.HALL_CONVERSATION
    assert [e for e in hall.room.published if isinstance(e, HallEvent)][-1] == stored
    assert hall.announced == []


@pytest.mark.parametrize("state", [s for s in ExamState if s is not ExamState.LIVE])
async def test_not_in_any_other_state(state: ExamState) -> None:
    hall = Hall()
    hall.exams.exam = replace(LIVE, state=state)
    hall.enter()
    await no_ear(hall)


async def test_not_without_the_setting() -> None:
    hall = Hall()
    hall.exams.exam = replace(LIVE, settings=replace(LIVE.settings, features=Features()))
    hall.enter()
    await no_ear(hall)


@pytest.mark.parametrize("stands_in", ["B", ""])
async def test_not_for_people_in_another_hall(stands_in: str) -> None:
    await no_ear(Hall(stands_in))


async def no_ear(hall: Hall) -> None:
    for _ in range(8):
        assert not await hall.second()
    assert hall.microphone.state(EXAM) is HallMicrophoneState.OFF
    assert hall.microphone.overall() is HallMicrophoneState.OFF
    assert list(await hall.room.observations.hall_events(EXAM)) == []


async def test_when_the_exam_is_over_it_may_not_go_on() -> None:
    hall = Hall()
    assert await hall.second()
    hall.halls.leave(EXAM)
    hall.clock.advance(1)
    assert not await hall.microphone.report(heard=True, windows=[])


async def test_silence_and_return_are_said_once_each() -> None:
    hall = Hall()
    await hall.second()
    for _ in range(20):
        await hall.second(heard=False)
    assert hall.microphone.state(EXAM) is HallMicrophoneState.NOT_HEARD
    assert hall.microphone.overall() is HallMicrophoneState.NOT_HEARD
    (said,) = hall.announced
    assert "not heard" in said
    for _ in range(5):
        await hall.second()
    assert hall.microphone.state(EXAM) is HallMicrophoneState.HEARD
    assert len(hall.announced) == 2
    assert "heard again" in hall.announced[1]


async def test_a_microphone_that_never_comes_is_said_too() -> None:
    hall = Hall()
    await hall.microphone.tick()
    assert hall.microphone.state(EXAM) is HallMicrophoneState.STARTING
    hall.clock.advance(20)
    await hall.microphone.tick()
    assert hall.microphone.state(EXAM) is HallMicrophoneState.NOT_HEARD
    assert len(hall.announced) == 1


async def test_sound_of_another_time_is_left_out() -> None:
    hall = Hall()
    await hall.second(heard=False)
    old = [
        HeardWindow(started_ms=hall.clock.now_ms() - 600_000 + n * 1_000, sound=TALK)
        for n in range(20)
    ]
    await hall.microphone.report(heard=True, windows=old)
    assert list(await hall.room.observations.hall_events(EXAM)) == []
