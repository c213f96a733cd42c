"""Whose look counts as seen in the queue: one's own. That others looked is said, and how many."""

from __future__ import annotations

import pytest

from appliance.core.feed import HallView
from appliance.core.handover import SeenBy
from appliance.core.ids import UserId
from appliance.core.observation import ObservationKind, Strength
from tests.tui import halls
from tui.queue_entries import entries

ME, ANOTHER, A_THIRD = (UserId(letter * 32) for letter in "abc")
KIND = ObservationKind.NOBODY_IN_VIEW


@pytest.mark.parametrize(
    ("lookers", "glyph", "words"),
    [
        ((), "▲", ""),
        ((ANOTHER,), "▲", " · seen by 1 other"),
        ((ANOTHER, A_THIRD), "▲", " · seen by 2 others"),
        ((ME,), "△", " · seen by you"),
        ((ME, ANOTHER), "△", " · seen by you, seen by 1 other"),
    ],
)
def test_one_s_own_look_is_told_from_that_of_others(
    lookers: tuple[UserId, ...], glyph: str, words: str
) -> None:
    seat = halls.seat(1, "A1")
    incident = halls.incident(1, seat.attempt_id, KIND, 14, Strength.STRONG)
    seen = SeenBy(incident_id=incident.incident_id, attempt_id=seat.attempt_id, users=lookers)
    view = HallView(
        seats={seat.attempt_id: seat},
        incidents={incident.incident_id: incident},
        seen={incident.incident_id: seen} if lookers else {},
    )
    [entry] = entries(view, halls.NOW_MS, ME)
    assert (entry.glyph, entry.second) == (glyph, f"strong · 14 s{words}")
