"""A clock that moves only when a test moves it."""

from __future__ import annotations


class FakeClock:
    """Implements `core.ports.Clock`. Starts at 2026-11-23 08:00:00 UTC."""

    def __init__(self, start_ms: int = 1_795_420_800_000) -> None:
        self._start_ms = start_ms
        self._elapsed_ms = 0

    def now_ms(self) -> int:
        return self._start_ms + self._elapsed_ms

    def monotonic(self) -> float:
        return self._elapsed_ms / 1000

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time only grows; use set_wall_clock for a clock that was put back")
        self._elapsed_ms += round(seconds * 1000)

    def set_wall_clock(self, now_ms: int) -> None:
        """What a person or an NTP server does: wall time jumps, durations do not."""
        self._start_ms = now_ms - self._elapsed_ms
