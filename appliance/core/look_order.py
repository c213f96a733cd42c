"""Which waiting snippet is looked at next: what the console needs now, then what is old.

Live footage goes newest first; of one seat's that waits, the earlier one first, for rules follow a
person's footage in its order. What is older than that comes after it, in the order in which it was
recorded. A seat with more live footage waiting than any camera records does not come before
others by it. Nothing is ever dropped here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.core.ids import AttemptId
from appliance.core.overload import LIVE_MS

# LIVE_MS of snippets of five seconds are six; twice that, for one that was late.
MOST_LIVE_OF_SEAT = 12


@dataclass(frozen=True, slots=True)
class Waiting:
    """`ended_ms`: Unix milliseconds at which the footage ends."""

    attempt_id: AttemptId
    sequence: int
    ended_ms: int


def is_live(waiting: Waiting, now_ms: int) -> bool:
    return now_ms - waiting.ended_ms <= LIVE_MS


def flooding(live: Iterable[AttemptId]) -> frozenset[AttemptId]:
    """Seats with more live snippets waiting than they can have recorded; one entry a snippet."""
    counted = Counter(live)
    return frozenset(seat for seat, count in counted.items() if count > MOST_LIVE_OF_SEAT)


def next_to_look(waiting: Iterable[Waiting], now_ms: int) -> Waiting | None:
    """None when nothing waits."""
    everything = list(waiting)
    live = [one for one in everything if is_live(one, now_ms)]
    too_many = flooding(one.attempt_id for one in live)
    live = [one for one in live if one.attempt_id not in too_many]
    if not live:
        return min(everything, key=lambda one: (one.ended_ms, one.sequence), default=None)
    newest = max(live, key=lambda one: (one.ended_ms, one.sequence))
    of_seat = (one for one in live if one.attempt_id == newest.attempt_id)
    return min(of_seat, key=lambda one: one.sequence)
