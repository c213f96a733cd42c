"""Whose look counts as seen in the queue: one's own. That others looked is said, and how many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.feed import HallView
from appliance.core.handover import SeenBy
from appliance.core.ids import UserId
from appliance.core.observation import ObservationKind, Strength
from tests.tui import halls
from tests.tui.conftest import Console, drawn, until
from tui.box_clock import BoxClock
from tui.queue_entries import entries, entry_line
from tui.shift import Shift

ME, ANOTHER, A_THIRD = (UserId(letter * 32) for letter in "abc")
KIND = ObservationKind.NOBODY_IN_VIEW
_NARROW = 30  # cells of the queue in a terminal of 80x24, beside its scroll bar


@pytest.mark.parametrize(
    ("lookers", "glyph", "wide", "narrow"),
    [
        ((), "▲", "strong · 14 s", "strong · 14 s"),
        ((ANOTHER,), "▲", "strong · 14 s · seen by 1 other", "strong · 14 s · seen by 1"),
        ((ANOTHER, A_THIRD), "▲", "strong · 14 s · seen by 2 others", "strong · 14 s · seen by 2"),
        ((ME,), "△", "strong · 14 s · seen by you", "strong · 14 s · seen by you"),
        (
            (ME, ANOTHER),
            "△",
            "strong · 14 s · seen by you, seen by 1 other",
            "strong · 14 s · seen +1",
        ),
    ],
    ids=["nobody", "another", "two others", "me", "me and another"],
)
def test_one_s_own_look_is_told_from_that_of_others(
    lookers: tuple[UserId, ...], glyph: str, wide: str, narrow: str
) -> None:
    """Also where the queue is as narrow as at 80x24."""
    seat = halls.seat(1, "A1")
    incident = halls.incident(1, seat.attempt_id, KIND, 14, Strength.STRONG)
    seen = SeenBy(incident_id=incident.incident_id, attempt_id=seat.attempt_id, users=lookers)
    view = HallView(
        seats={seat.attempt_id: seat},
        incidents={incident.incident_id: incident},
        seen={incident.incident_id: seen} if lookers else {},
    )
    [entry] = entries(view, halls.NOW_MS, ME)
    assert entry.glyph == glyph
    for width, says in ((60, wide), (_NARROW, narrow)):
        line = entry_line(entry, 1, width, selected=False, letters=False)
        assert (len(line), line.strip()) == (width, says)


@pytest.mark.parametrize("width", [_NARROW, 24])
def test_who_has_looked_is_told_whatever_has_no_room(width: int, swedish: None) -> None:
    seat = halls.seat(1, "A1")
    incident = halls.incident(1, seat.attempt_id, KIND, 3671, Strength.CLEAR)
    seen = SeenBy(incident_id=incident.incident_id, attempt_id=seat.attempt_id, users=(ANOTHER,))
    view = HallView(
        seats={seat.attempt_id: seat},
        incidents={incident.incident_id: incident},
        seen={incident.incident_id: seen},
    )
    [entry] = entries(view, halls.NOW_MS, ME)
    line = entry_line(entry, 1, width, selected=False, letters=False)
    assert len(line) == width
    assert line.startswith("   tydlig")
    assert line.rstrip().endswith("· sedd av 1")


@pytest.mark.parametrize(
    ("age_ms", "shown"), [(0, True), (599_999, True), (600_000, True), (600_001, False)]
)
def test_an_event_of_the_hall_leaves_after_ten_minutes(age_ms: int, shown: bool) -> None:
    event = halls.usual_hall().hall_events[0]
    view = HallView(hall_events=(event,))
    assert len(entries(view, event.last_ms + age_ms)) == shown


def test_an_event_that_goes_on_stays_and_the_newest_is_first() -> None:
    event = halls.usual_hall().hall_events[0]
    on = replace(event, hall="Hall B", last_ms=event.last_ms + 300_000)
    view = HallView(hall_events=(event, on))
    assert [e.first for e in entries(view, event.last_ms + 1)] == [
        "Hall B  voices nearby",
        "Hall A  voices nearby",
    ]
    assert [e.first for e in entries(view, event.last_ms + 600_001)] == ["Hall B  voices nearby"]


async def test_it_leaves_the_screen_too_though_nothing_else_happens(
    in_hall: Console, shift: Shift
) -> None:
    past_ms = [0]
    shift.clock = BoxClock(lambda: halls.NOW_MS + past_ms[0])
    async with in_hall() as pilot:
        await until(pilot, lambda: "≈ Hall A" in drawn(pilot))
        past_ms[0] = 600_000 - 52_000
        await until(pilot, lambda: "LIVE 51:18" in drawn(pilot))
        assert "≈ Hall A" in drawn(pilot)
        past_ms[0] += 1
        await until(pilot, lambda: "≈ Hall A" not in drawn(pilot))
