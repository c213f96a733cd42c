"""Who stages what in an exam of which length."""

from __future__ import annotations

import pytest

from appliance.rehearsal.exam_day import make_places, roster_csv
from appliance.rehearsal.staging import stage


@pytest.mark.parametrize("seconds", [45.0, 60.0, 600.0])
def test_an_event_lasts_long_enough_and_ends_before_the_exam(seconds: float) -> None:
    for events in stage(4, seconds):
        (event,) = events
        assert event.end_s - event.start_s >= 18.0
        assert event.end_s < seconds


def test_four_events_at_the_first_four_seats() -> None:
    staged = stage(6, 60.0)
    assert [len(events) for events in staged] == [1, 1, 1, 1, 0, 0]
    assert len({events[0].scene for events in staged[:4]}) == 4
    assert len(stage(2, 60.0)) == 2


def test_browsers_sit_last_and_stage_nothing() -> None:
    places = make_places(4, 2, 60.0)
    assert [p.in_browser for p in places] == [False] * 4 + [True] * 2
    assert all(not p.events for p in places[4:])
    assert len({p.seat for p in places}) == len(places)
    assert len({p.name for p in places}) == len(places)
    assert roster_csv(places).count("\n") == len(places) + 1
