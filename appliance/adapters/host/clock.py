"""The machine's clocks."""

from __future__ import annotations

import time
from pathlib import Path

from appliance.core.clock_watch import ClockReading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Implements `core.ports.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since boot. CLOCK_BOOTTIME, unlike CLOCK_MONOTONIC, also counts suspend: a
        box whose lid was closed must not believe that a ticket is still fresh."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def clock_reading() -> ClockReading:
    """Both clocks now, and which boot they are of. Reads /proc: call it in a thread."""
    clock = SystemClock()
    return ClockReading(
        wall_ms=clock.now_ms(),
        running_ms=round(1000 * clock.monotonic()),
        boot=_BOOT_ID.read_text().strip(),
    )
