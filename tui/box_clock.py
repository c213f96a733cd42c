"""The box's time, estimated from what the box sends: a laptop's own clock may be minutes off."""

from __future__ import annotations

import time
from collections.abc import Callable

Now = Callable[[], int]


def wall_ms() -> int:
    """This machine's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class BoxClock:
    """A message stamped `at` cannot be from the future, so the largest `at - local` seen is the
    best estimate from below of the offset; old, resumed messages only give smaller ones."""

    def __init__(self, now: Now = wall_ms) -> None:
        self._now = now
        self._offset_ms: int | None = None

    def heard(self, at_ms: int) -> None:
        offset = at_ms - self._now()
        if self._offset_ms is None or offset > self._offset_ms:
            self._offset_ms = offset

    def now_ms(self) -> int:
        return self._now() + (self._offset_ms or 0)
