"""When each page is asked to send its next snippet, so that a hall that comes back after a cut does
not storm the box.

Few uploads at once are answered as fast as many, and each of them sooner. So the box measures how
far apart its answers are while it has enough to do, and gives out turns just so far apart: an
answer says how long to wait for the next turn that is free (a leaky bucket that tells its queue
instead of dropping). While too many are under way turns are wider apart than what the box
manages, so that they drain; while there is little to do they move closer. Nothing is configured:
a bigger box finds a smaller gap, and in a hall where all is well every turn is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

AT_ONCE = 6  # under way together: enough to keep disk and processor busy
LONGEST_WAIT_MS = 20_000
_SMOOTHING = 0.1  # weight of the newest gap between two answers
_DRAIN = 1.25  # times the gap while more than AT_ONCE are under way
_CLOSER = 0.998  # times the gap for each upload that found little to do
_NO_GAP_S = 0.000_5


class UploadPace:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._under_way = 0
        self._gap_s = 0.0
        self._answered_at: float | None = None  # while there was enough to do ever since
        self._next_turn = 0.0

    @contextmanager
    def upload(self) -> Iterator[None]:
        """Around one upload, from its first byte to its answer."""
        if self._under_way < AT_ONCE // 2:
            closer = self._gap_s * _CLOSER
            self._gap_s = closer if closer > _NO_GAP_S else 0.0
        self._under_way += 1
        try:
            yield
        finally:
            self._measure()
            self._under_way -= 1

    def wait_ms(self) -> int:
        """For the answer to an upload; takes the next turn. Never more than LONGEST_WAIT_MS."""
        now = self._monotonic()
        turn = min(max(now, self._next_turn), now + LONGEST_WAIT_MS / 1000)
        self._next_turn = turn + self._gap_s * (_DRAIN if self._under_way > AT_ONCE else 1.0)
        return round(1000 * (turn - now))

    def _measure(self) -> None:
        now, before = self._monotonic(), self._answered_at
        self._answered_at = now if self._under_way > AT_ONCE // 2 else None
        if before is None or self._answered_at is None:
            return
        if self._gap_s == 0.0:
            self._gap_s = now - before
        else:
            self._gap_s += _SMOOTHING * (now - before - self._gap_s)
