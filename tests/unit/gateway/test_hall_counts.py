"""What a seat says about its incidents: those a person still has to look at, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.feed import BoxStatus, FeedKind
from appliance.core.observation import Incident, Strength
from appliance.services.hall import Halls
from tests.contract.store.samples import EXAM, attempt, exam, incident
from tests.support.fake_clock import FakeClock

_OPEN = replace(incident(1), decision=None, decided_by=None, decided_ms=None, ongoing=True)
# All of it became a hall event (core/incident.py): it names nothing, so it counts nowhere.
_WITHDRAWN = replace(_OPEN, kinds=(), duration_s=0.0, strength=Strength.WEAK, ongoing=False)


def _halls(*known: Incident) -> Halls:
    box = BoxStatus(
        relay=False, disk_used_percent=1, consoles=0, workers=1, backlog=0, unlocked=True
    )
    halls = Halls(FakeClock(), lambda _exam: box)
    halls.enter(exam(), [attempt(1)], list(known), {}, {})
    return halls


@pytest.mark.parametrize(
    ("found", "counted"),
    [((_OPEN,), (1, Strength.CLEAR)), ((_WITHDRAWN,), (0, None)), ((incident(1),), (0, None))],
    ids=["undecided", "withdrawn", "decided"],
)
def test_what_is_counted_when_the_exam_comes_on_show(
    found: tuple[Incident, ...], counted: tuple[int, Strength | None]
) -> None:
    seat = _halls(*found).seat(attempt(1).attempt_id)
    assert seat is not None
    assert (seat.open_incidents, seat.strongest) == counted


def test_a_hall_event_takes_the_mark_off_the_seat() -> None:
    halls = _halls(_OPEN)
    halls.publish(EXAM, FeedKind.INCIDENT, _WITHDRAWN)
    seat = halls.seat(attempt(1).attempt_id)
    assert seat is not None
    assert (seat.open_incidents, seat.strongest) == (0, None)
