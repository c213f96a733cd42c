"""Which seats are still open before a close, and what still comes after it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.attempt import FINISHED, Attempt, AttemptState, LinkState
from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId, pseudonym


class WhyOpen(StrEnum):
    """In the order in which somebody should look at it."""

    LINK_LOST = "link_lost"  # has not handed in, and is not heard of
    ON_BREAK = "on_break"
    WRITING = "writing"  # has not handed in
    SENDING = "sending"  # over, and numbers are still missing
    SILENT = "silent"  # over, and its page never told its last number
    NOT_HERE = "not_here"  # never joined


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSeat:
    """`arrived` snippets are kept; `missing` are known to exist and are not here, None when
    nobody knows; `waiting` is what the page last said it still has to send. Times in Unix
    milliseconds."""

    attempt_id: AttemptId
    hall: str
    seat: str
    pseudonym: str
    why: WhyOpen
    arrived: int
    missing: int | None
    waiting: int | None
    link_lost_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOut:
    """`done`: seats with nothing left to wait for. `open_seats`: worst first."""

    open_seats: tuple[OpenSeat, ...]
    done: int
    late_until_ms: int | None


def open_seat(
    attempt: Attempt, settled: Collection[int], kept: int, seat: SeatStatus | None
) -> OpenSeat | None:
    """None when there is nothing to wait for. `settled`: numbers that are here or were refused for
    good, `kept` how many of them are here; `seat` None once the exam is closed."""
    why = _why(attempt, settled, seat)
    if why is None:
        return None
    return OpenSeat(
        attempt_id=attempt.attempt_id,
        hall=attempt.seat.hall,
        seat=attempt.seat.label,
        pseudonym=pseudonym(attempt.attempt_id),
        why=why,
        arrived=kept,
        missing=_missing(attempt, settled),
        waiting=seat.spool if seat else None,
        link_lost_ms=seat.link_lost_ms if seat else None,
    )


def in_order(seats: Iterable[OpenSeat]) -> tuple[OpenSeat, ...]:
    worst = list(WhyOpen)
    return tuple(sorted(seats, key=lambda s: (worst.index(s.why), s.hall, len(s.seat), s.seat)))


def _why(attempt: Attempt, settled: Collection[int], seat: SeatStatus | None) -> WhyOpen | None:
    if attempt.joined_ms is None:
        return None if attempt.state in FINISHED else WhyOpen.NOT_HERE
    if attempt.state in FINISHED:
        if attempt.last_sequence is None:
            return WhyOpen.SILENT
        return WhyOpen.SENDING if _missing(attempt, settled) else None
    if seat is not None and seat.link is LinkState.LOST:
        return WhyOpen.LINK_LOST
    return WhyOpen.ON_BREAK if attempt.state is AttemptState.ON_BREAK else WhyOpen.WRITING


def _missing(attempt: Attempt, settled: Collection[int]) -> int | None:
    if attempt.last_sequence is not None:
        last = attempt.last_sequence
        return last - sum(1 for number in settled if 1 <= number <= last)
    # Before hand-in only the gaps are known: what lies above the highest may not exist.
    return max(settled) - len(settled) if settled else None
