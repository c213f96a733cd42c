"""How often one line may be said: a fault that repeats every second must not fill the disk, nor
hide the line that explains it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LINES, PER_S = 30, 60.0
_MOST_KINDS = 1000  # kinds of lines are texts of programs, so there are few; in case they are not


class LogLimit:
    """`LINES` of a kind in `PER_S` seconds; what is above is counted. Any thread may ask."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kinds: dict[str, tuple[float, int]] = {}  # since when, and how many since then

    def withheld(self, kind: str) -> int | None:
        """None: do not say this one. Else how many of its kind were not said just before it."""
        now = self._monotonic()
        with self._lock:
            if len(self._kinds) > _MOST_KINDS:
                self._kinds.clear()
            since, said = self._kinds.get(kind, (now, 0))
            if now - since < PER_S:
                self._kinds[kind] = (since, said + 1)
                return 0 if said < LINES else None
            self._kinds[kind] = (now, 1)
            return max(0, said - LINES)
