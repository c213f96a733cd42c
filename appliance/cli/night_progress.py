"""A bar and the time left, on a terminal's standard error; silent in scripts and under a timer."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from appliance.core.night_words import size

_EVERY_S = 0.5
_WIDTH = 24
_SMOOTH_S = 20.0  # what the time left is reckoned from


class NightProgress:
    """`packs` is told after each pack, `sent` of every piece that goes."""

    def __init__(
        self, stream: TextIO | None = None, *, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._now_s = now_s
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._done = self._total = self._sent = 0
        self._drawn_s = 0.0
        self._rate = 0.0
        self._marked_s, self._marked = now_s(), 0

    def packs(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._sent = max(self._sent, done)
        self._draw(force=done == total)

    def sent(self, count: int) -> None:
        self._sent += count
        self._draw()

    def close(self) -> None:
        if self._shown and self._drawn_s:
            print(file=self._stream, flush=True)

    def _draw(self, *, force: bool = False) -> None:
        now = self._now_s()
        if not self._shown or (now - self._drawn_s < _EVERY_S and not force):
            return
        self._drawn_s = now
        self._measure(now)
        print(f"\r{self.line()}\x1b[K", end="", file=self._stream, flush=True)

    def _measure(self, now: float) -> None:
        passed = now - self._marked_s
        if passed <= 0:
            return
        newest = (self._sent - self._marked) / passed
        share = min(1.0, passed / _SMOOTH_S) if self._rate else 1.0
        self._rate += share * (newest - self._rate)
        self._marked_s, self._marked = now, self._sent

    def line(self) -> str:
        if not self._total:  # the first pack is under way, and nobody has said of how many
            return f"{size(self._sent)} sent"
        sent = min(self._sent, self._total)
        filled = _WIDTH * sent // self._total
        bar = "█" * filled + "·" * (_WIDTH - filled)
        left = f", {_left((self._total - sent) / self._rate)} left" if self._rate > 0 else ""
        return f"{bar} {size(sent)} of {size(self._total)}{left}"


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"{round(seconds)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
