"""The same at many seats at once is counted against nobody."""

from __future__ import annotations

import random

import pytest

from appliance.core.hall_event import HallState, Noticed, Start, notice
from appliance.core.ids import AttemptId, ExamId, ObservationId
from appliance.core.observation import ObservationKind
from appliance.core.settings import RuleThresholds

EXAM = ExamId("e" * 32)
NOISE, AWAY = ObservationKind.NOISE, ObservationKind.LOOKING_AWAY
RULES = RuleThresholds(hall_event_share=0.25, hall_event_within_s=10.0)


def start(
    seat: int, at_s: float, *, kind: ObservationKind = NOISE, hall: str = "A", number: int = 0
) -> Start:
    return Start(
        observation_id=ObservationId(f"{hall}{kind.value}{seat}@{at_s}#{number}"),
        attempt_id=AttemptId(f"{hall}{seat}"),
        hall=hall,
        seat=f"{hall}{seat}",
        kind=kind,
        at_ms=round(at_s * 1000),
    )


def feed(*starts: Start, seats: int = 12) -> tuple[HallState, list[Noticed]]:
    state, noticed = HallState(exam_id=EXAM), []
    for one in starts:
        state, answer = notice(state, one, seats, RULES)
        noticed.append(answer)
    return state, noticed


def test_a_quarter_of_the_seats_within_ten_seconds() -> None:
    state, noticed = feed(start(1, 0), start(2, 4), start(3, 10))
    assert [n.event is None for n in noticed] == [True, True, False]
    (event,) = state.events
    assert (event.started_ms, event.last_ms, event.seats) == (0, 10_000, ("A1", "A2", "A3"))
    assert len(noticed[2].absorbed) == 3


@pytest.mark.parametrize(
    "starts",
    [
        (start(1, 0), start(2, 4)),  # too few seats
        (start(1, 0), start(2, 4), start(3, 10.5)),  # too far apart
        (start(1, 0), start(2, 4), start(3, 5, kind=AWAY)),  # another kind
        (start(1, 0), start(2, 4), start(3, 5, hall="B")),  # another hall
        (start(1, 0), start(2, 1), start(1, 2, number=1), start(2, 3, number=1)),  # same seats
    ],
)
def test_not_a_hall_event(starts: tuple[Start, ...]) -> None:
    state, noticed = feed(*starts)
    assert state.events == ()
    assert all(n == Noticed() for n in noticed)


def test_three_seats_at_least_and_a_share_of_those_recording() -> None:
    three = (start(1, 0), start(2, 1), start(3, 2))
    assert len(feed(*three, seats=3)[0].events) == 1
    assert len(feed(*three, seats=12)[0].events) == 1
    assert len(feed(*three, seats=13)[0].events) == 0
    assert len(feed(*three[:2], seats=2)[0].events) == 0


def test_what_starts_alike_while_it_lasts_joins_and_later_things_do_not() -> None:
    state, noticed = feed(
        start(1, 0), start(2, 1), start(3, 2), start(4, 11), start(5, 20), start(6, 31)
    )
    (event,) = state.events
    assert event.seats == ("A1", "A2", "A3", "A4", "A5")
    assert event.started_ms == 0
    assert [n.event is not None for n in noticed] == [False, False, True, True, True, False]


def test_the_order_of_arrival_does_not_matter() -> None:
    starts = [start(1, 3), start(2, 1), start(3, 9), start(4, 5), start(5, 60)]
    dice = random.Random(1)
    seen = set()
    for _ in range(20):
        dice.shuffle(starts)
        (event,) = feed(*starts)[0].events
        seen.add(event.seats)
    assert seen == {("A1", "A2", "A3", "A4")}


def test_two_alarms_an_hour_apart_are_two_events() -> None:
    state, _ = feed(*(start(i, i) for i in (1, 2, 3)), *(start(i, 3_600 + i) for i in (1, 2, 3)))
    assert [e.started_ms for e in state.events] == [1_000, 3_601_000]
    assert len(state.starts) == 3  # the old ones are forgotten
