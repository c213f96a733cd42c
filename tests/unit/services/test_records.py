"""What is sealed about one attempt: the truth about where and when."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.attendance import Break, SeatLeft
from appliance.core.exam import Seat
from appliance.services.records import record
from tests.contract.store.samples import attempt, exam


def test_seats_breaks_and_coming_late_stand_in_the_record() -> None:
    sat = replace(attempt(), joined_ms=90, admitted_late_ms=80)
    sealed = record(
        exam(), sat, [], [], [], [],
        [Break(started_ms=100, ended_ms=160), Break(started_ms=200)],
        [SeatLeft(seat=Seat(hall="Aula", label="B7"), until_ms=150)],
    )  # fmt: skip
    assert (sealed["hall"], sealed["seat"]) == ("Hall A", "A1")
    assert sealed["seats_left"] == [{"hall": "Aula", "seat": "B7", "until_ms": 150}]
    assert sealed["breaks"] == [
        {"started_ms": 100, "ended_ms": 160},
        {"started_ms": 200, "ended_ms": None},
    ]
    assert (sealed["joined_ms"], sealed["admitted_late_ms"]) == (90, 80)
