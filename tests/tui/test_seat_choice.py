"""Seats named by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.errors import BadInput
from tests.tui import halls
from tui.seat_choice import seats_called

SEATS = halls.usual_hall().seats
TWO_HALLS = (*SEATS, *(replace(halls.seat(90 + n, f"A{n}"), hall="Annex") for n in range(1, 4)))


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("A1", "A1"),
        ("a1-A3, b3", "A1 A2 A3 B3"),
        ("A3-1", "A1 A2 A3"),
        ("A5-A99", "A5 A6"),
        ("B3,A1-A2,B3 ,", "B3 A1 A2"),
        ("Hall A/C1-C2", "C1 C2"),
    ],
)
def test_what_is_written_means_these_seats(words: str, labels: str) -> None:
    assert [seat.seat for seat in seats_called(SEATS, words)] == labels.split()


@pytest.mark.parametrize("words", ["", " , ", "Z1", "A1,Z1", "A1-B3", "A-B", "Annex/A1", "-"])
def test_what_means_no_seat_is_refused(words: str) -> None:
    with pytest.raises(BadInput):
        seats_called(SEATS, words)


def test_a_label_of_two_halls_is_taken_where_one_is() -> None:
    assert [s.hall for s in seats_called(TWO_HALLS, "A1-A2", "Annex")] == ["Annex", "Annex"]
    assert [s.hall for s in seats_called(TWO_HALLS, "annex/A1")] == ["Annex"]
    with pytest.raises(BadInput):
        seats_called(TWO_HALLS, "A1")
