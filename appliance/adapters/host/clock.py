"""The machine's clocks."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `core.ports.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since boot. CLOCK_BOOTTIME, unlike CLOCK_MONOTONIC, also counts suspend: a
        box whose lid was closed must not believe that a ticket is still fresh."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
