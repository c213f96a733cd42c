"""Seats named by hand, as people write them: `A1-A6, B3, Annex/C2`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.core.errors import BadInput
from appliance.core.feed import SeatStatus
from tui.language import tr

_LABEL = re.compile(r"(\D*)(\d+)$")


def seats_called(seats: Sequence[SeatStatus], words: str, hall: str = "") -> list[SeatStatus]:
    """The seats that `words` names, each once, in the order named.

    A range `A1-A6` means the seats there are of that row between the two, both included. A label
    that several halls have is taken in `hall`; `HALL/LABEL` names one for sure. Raises BadInput
    with the first part that means no seat.
    """
    found: dict[str, SeatStatus] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        meant = _meant(seats, part, hall)
        if not meant:
            raise BadInput(tr("No seat is called {part}.", part=part))
        found.update((seat.attempt_id, seat) for seat in meant)
    if not found:
        raise BadInput(tr("Name at least one seat, for example A1-A6,B3."))
    return list(found.values())


def _meant(seats: Sequence[SeatStatus], part: str, hall: str) -> list[SeatStatus]:
    where, slash, label = part.rpartition("/")
    where, label = (where.strip(), label.strip()) if slash else ("", part)
    here = [s for s in seats if s.hall.casefold() == where.casefold()] if where else list(seats)
    exact = [s for s in here if s.seat.casefold() == label.casefold()]
    if not exact and "-" in label:
        exact = _between(here, *(end.strip() for end in label.split("-", 1)))
    halls = {s.hall for s in exact}
    if len(halls) > 1:  # the same label in several halls
        exact = [s for s in exact if s.hall == hall]
    return exact


def _between(seats: Sequence[SeatStatus], first: str, last: str) -> list[SeatStatus]:
    start, end = _LABEL.match(first), _LABEL.match(last)
    if start is None or end is None:
        return []
    row = start[1].casefold()
    if end[1] and end[1].casefold() != row:  # `A1-6` means the same row
        return []
    low, high = sorted((int(start[2]), int(end[2])))
    found = []
    for seat in seats:
        label = _LABEL.match(seat.seat)
        if label is not None and label[1].casefold() == row and low <= int(label[2]) <= high:
            found.append((int(label[2]), seat))
    return [seat for _, seat in sorted(found, key=lambda pair: pair[0])]
