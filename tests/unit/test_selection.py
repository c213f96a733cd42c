"""Whom an act for several is meant for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.attempt import Attempt
from appliance.core.errors import BadInput
from appliance.core.exam import Seat
from appliance.core.selection import Whom, chosen
from tests.contract.store.samples import attempt


def _at(number: int, hall: str, label: str, roster: int = 0, extra: int = 0) -> Attempt:
    return replace(
        attempt(number),
        seat=Seat(hall=hall, label=label),
        roster_minutes=roster,
        extra_minutes=roster + extra,
    )


ROOM = [
    _at(1, "Aula", "A1"),
    _at(2, "Aula", "A2", roster=30),
    _at(3, "Aula", "B1", extra=10),
    _at(4, "Annex", "A1", roster=15, extra=10),
    _at(5, "Annex", "AA1"),
]


@pytest.mark.parametrize(
    ("whom", "seats"),
    [
        (Whom(everybody=True), "A1 A2 B1 A1 AA1"),
        (Whom(hall="Aula"), "A1 A2 B1"),
        (Whom(hall="Aula", row="a"), "A1 A2"),
        (Whom(hall="Annex", row="A"), "A1"),
        (Whom(hall="Nowhere"), ""),
        (Whom(accommodated=True), "A2 A1"),  # not B1, which only got ten minutes today
        (Whom(accommodated=True, hall="Annex"), "A1"),
        (Whom(attempts=(ROOM[2].attempt_id, ROOM[4].attempt_id)), "B1 AA1"),
    ],
)
def test_chosen(whom: Whom, seats: str) -> None:
    whom.check()
    assert " ".join(a.seat.label for a in chosen(ROOM, whom)) == seats


@pytest.mark.parametrize(
    "whom",
    [
        Whom(),
        Whom(everybody=True, hall="Aula"),
        Whom(attempts=(ROOM[0].attempt_id,), everybody=True),
        Whom(row="A"),
        Whom(everybody=True, row="A"),
    ],
)
def test_nobody_and_two_things_at_once_are_refused(whom: Whom) -> None:
    with pytest.raises(BadInput):
        whom.check()
