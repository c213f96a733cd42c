"""Which waiting snippet is looked at next: what the console needs now, then what is old.

Live footage goes newest first; of one seat's that waits, the earlier one first, for rules follow a
person's footage in its order. What is older than that comes after it, in the order in which it was
recorded. Nothing is ever dropped here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.core.ids import AttemptId
from appliance.core.overload import LIVE_MS


@dataclass(frozen=True, slots=True)
class Waiting:
    """`ended_ms`: Unix milliseconds at which the footage ends."""

    attempt_id: AttemptId
    sequence: int
    ended_ms: int


def is_live(waiting: Waiting, now_ms: int) -> bool:
    return now_ms - waiting.ended_ms <= LIVE_MS


def next_to_look(waiting: Iterable[Waiting], now_ms: int) -> Waiting | None:
    """None when nothing waits."""
    everything = list(waiting)
    live = [one for one in everything if is_live(one, now_ms)]
    if not live:
        return min(everything, key=lambda one: (one.ended_ms, one.sequence), default=None)
    newest = max(live, key=lambda one: (one.ended_ms, one.sequence))
    of_seat = (one for one in live if one.attempt_id == newest.attempt_id)
    return min(of_seat, key=lambda one: one.sequence)
