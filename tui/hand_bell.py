"""When the terminal's bell rings: for a hand just raised, a computer or a person at the door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appliance.core.attempt import FINISHED
from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId


@dataclass(slots=True)
class HandBell:
    """Rings once for each seat that begins to ask for somebody. Muted, it still remembers, so
    that it does not ring for old hands when it is switched on again."""

    muted: bool = False
    _asking: set[AttemptId] = field(default_factory=set)

    def start(self, seats: Mapping[AttemptId, SeatStatus]) -> None:
        """What asks already when the hall comes up rings for nobody."""
        self._asking = {attempt for attempt, seat in seats.items() if asks(seat)}

    def hear(self, changed: Iterable[AttemptId], seats: Mapping[AttemptId, SeatStatus]) -> bool:
        """Whether to ring now."""
        new = False
        for attempt in changed:
            seat = seats.get(attempt)
            if seat is None or not asks(seat):
                self._asking.discard(attempt)
            elif attempt not in self._asking:
                self._asking.add(attempt)
                new = True
        return new and not self.muted


def asks(seat: SeatStatus) -> bool:
    """Whether somebody at this seat waits for a person."""
    return seat.state not in FINISHED and (
        seat.hand_raised or seat.takeover_asked or seat.late_asked
    )
