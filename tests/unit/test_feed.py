"""The hall that follows from what consoles are told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.exam import ExamState
from appliance.core.feed import (
    DATA_TYPE,
    Announcement,
    BoxStatus,
    ExamStatus,
    FeedData,
    FeedKind,
    FeedMessage,
    HallSnapshot,
    HallView,
    SeatStatus,
    apply,
    needs_eyes,
)
from appliance.core.ids import AttemptId, ExamId, IncidentId
from appliance.core.observation import Decision, HallEvent, Incident, ObservationKind, Strength
from appliance.core.settings import Features

EXAM = ExamId("e" * 32)
STATUS = ExamStatus(
    exam_id=EXAM,
    title="x",
    code="ABC234",
    state=ExamState.LIVE,
    features=Features(),
    duration_minutes=60,
)
BOX = BoxStatus(relay=True, disk_used_percent=1, consoles=1, workers=1, backlog=0, unlocked=True)


def seat(number: int, **more: int) -> SeatStatus:
    return replace(
        SeatStatus(
            attempt_id=AttemptId(f"{number:032x}"), hall="A", seat=f"A{number}", pseudonym="7F2C"
        ),
        **more,  # type: ignore[arg-type]  # every field used here is a number
    )


def incident(
    number: int,
    *,
    last_ms: int = 0,
    strength: Strength = Strength.CLEAR,
    ongoing: bool = False,
    decision: Decision | None = None,
) -> Incident:
    return Incident(
        incident_id=IncidentId(f"{number:032x}"),
        exam_id=EXAM,
        attempt_id=AttemptId("1" * 32),
        opened_ms=0,
        last_ms=last_ms,
        kinds=(ObservationKind.NOISE,),
        strength=strength,
        duration_s=1,
        ongoing=ongoing,
        decision=decision,
    )


def hall_event(last_ms: int, started_ms: int = 0) -> HallEvent:
    return HallEvent(
        exam_id=EXAM,
        hall="A",
        kind=ObservationKind.NOISE,
        started_ms=started_ms,
        last_ms=last_ms,
        seats=("A1",),
    )


KIND_OF = {data: kind for kind, data in DATA_TYPE.items()}


def tell(view: HallView, seq: int, data: FeedData) -> HallView:
    return apply(view, FeedMessage(seq=seq, at=0, kind=KIND_OF[type(data)], data=data))


def test_every_kind_has_its_type() -> None:
    assert set(DATA_TYPE) == set(FeedKind)


def test_a_snapshot_and_what_follows() -> None:
    snapshot = HallSnapshot(
        exam=STATUS, seats=(seat(1), seat(2)), incidents=(incident(1),), hall_events=(), box=BOX
    )
    view = tell(HallView(), 5, snapshot)
    assert [s.seat for s in view.seats.values()] == ["A1", "A2"]
    view = tell(view, 6, seat(1, acknowledged=9))
    view = tell(view, 7, incident(2))
    view = tell(view, 8, replace(STATUS, state=ExamState.CLOSED))
    view = tell(view, 9, replace(BOX, backlog=3))
    assert view.seats[AttemptId(f"{1:032x}")].acknowledged == 9
    assert len(view.incidents) == 2
    assert view.exam is not None
    assert view.exam.state is ExamState.CLOSED
    assert view.box is not None
    assert (view.box.backlog, view.seq) == (3, 9)


def test_a_message_already_seen_changes_nothing() -> None:
    view = tell(HallView(), 5, seat(1, acknowledged=9))
    assert tell(view, 5, seat(1)) == view
    assert tell(view, 4, seat(1)) == view


def test_a_new_snapshot_replaces_even_with_a_lower_number() -> None:
    """After a restart numbers may be further on the console than what it now gets."""
    view = tell(HallView(), 50, seat(1))
    snapshot = HallSnapshot(exam=STATUS, seats=(seat(2),), incidents=(), hall_events=(), box=BOX)
    assert [s.seat for s in tell(view, 7, snapshot).seats.values()] == ["A2"]


def test_a_hall_event_grows_in_place() -> None:
    view = tell(tell(HallView(), 1, hall_event(5)), 2, hall_event(9))
    assert view.hall_events == (hall_event(9),)
    assert len(tell(view, 3, hall_event(9, started_ms=1)).hall_events) == 2


def test_old_announcements_give_way() -> None:
    view = HallView()
    for number in range(60):
        view = tell(view, number + 1, Announcement(level="info", text=str(number)))
    assert [a.text for a in view.announcements] == [str(n) for n in range(10, 60)]


def test_needs_eyes_in_the_order_of_need() -> None:
    rows = [
        incident(1, last_ms=9, strength=Strength.WEAK),
        incident(2, last_ms=1, strength=Strength.STRONG),
        incident(3, last_ms=5, strength=Strength.STRONG),
        incident(4, last_ms=1, strength=Strength.WEAK, ongoing=True),
        incident(5, decision=Decision.DISMISSED, ongoing=True),
    ]
    view = HallView(incidents={i.incident_id: i for i in rows})
    assert [int(i.incident_id, 16) for i in needs_eyes(view)] == [4, 3, 2, 1]


changes = st.one_of(
    st.builds(seat, st.integers(1, 4), acknowledged=st.integers(0, 9)),
    st.builds(incident, st.integers(1, 4), last_ms=st.integers(0, 9)),
    st.builds(hall_event, st.integers(0, 9), st.integers(0, 2)),
)


@given(st.lists(changes, max_size=12), st.integers(0, 12))
def test_resuming_gives_the_same_hall(said: list[FeedData], missed_from: int) -> None:
    """A console that was away and is told again from anywhere before ends up the same."""
    whole = HallView()
    for seq, data in enumerate(said, start=1):
        whole = tell(whole, seq, data)
    resumed = HallView()
    for seq, data in enumerate(said[:missed_from], start=1):
        resumed = tell(resumed, seq, data)
    for seq, data in enumerate(said, start=1):  # twice what it knows
        resumed = tell(resumed, seq, data)
    assert resumed == whole
