"""What a seat is called where it stands alone: its label, and its hall where that tells two apart.
Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from appliance.core.close_out import OpenSeat
from appliance.core.feed import SeatStatus


def shared_labels(seats: Iterable[SeatStatus]) -> frozenset[str]:
    """Labels that more than one hall has."""
    halls: dict[str, str] = {}
    return frozenset(s.seat for s in seats if halls.setdefault(s.seat, s.hall) != s.hall)


def place_of(seat: SeatStatus | OpenSeat, shared: Collection[str]) -> str:
    """`A2`, or `A2 (Annex)` where its label is one of `shared`."""
    return f"{seat.seat} ({seat.hall})" if seat.seat in shared else seat.seat
