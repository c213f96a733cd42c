"""Whom an act for several is meant for: by name, a row, those with an accommodation, or all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.core.attempt import Attempt
from appliance.core.errors import BadInput
from appliance.core.exam import Seat
from appliance.core.ids import AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """`attempts`: exactly these; otherwise everybody who is left by the others: `hall`, `row` of
    it (the letters of the seats), `accommodated` (the roster gives them more time)."""

    attempts: tuple[AttemptId, ...] = ()
    hall: str | None = None
    row: str | None = None
    accommodated: bool = False
    everybody: bool = False

    def check(self) -> None:
        """Raise BadInput when it says nothing, or two things at once: an empty selection is a
        mistake of the console, and must not become everybody."""
        narrowed = self.hall is not None or self.accommodated
        if sum((bool(self.attempts), self.everybody, narrowed)) != 1:
            raise BadInput("Say who is meant: seats, a hall or row, those with more time, or all.")
        if self.row is not None and self.hall is None:
            raise BadInput("A row is a row of a hall: say which.")


def chosen(attempts: Iterable[Attempt], whom: Whom) -> list[Attempt]:
    """Those `whom` means, in the order given."""
    return [attempt for attempt in attempts if _is_meant(attempt, whom)]


def _is_meant(attempt: Attempt, whom: Whom) -> bool:
    if whom.attempts:
        return attempt.attempt_id in whom.attempts
    return (
        (whom.hall is None or attempt.seat.hall == whom.hall)
        and (whom.row is None or _row(attempt.seat) == whom.row.upper())
        and (not whom.accommodated or attempt.roster_minutes > 0)
    )


def _row(seat: Seat) -> str:
    return seat.row.upper()
