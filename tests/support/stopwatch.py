"""Times a promise, and not the machine: seconds in which it ran nobody do not count, and those that
several shared a processor in count as the share of one."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_STEP_S = 0.01
_USUAL_S = 0.02  # a step that is not longer was no stall
_LOAD = Path("/proc/loadavg")  # fourth: how many want to run now, of how many threads


class Stopwatch:
    """`with Stopwatch() as watch: ...; assert watch.seconds < 2`.

    A thread sleeps in steps of 10 ms. A step that takes longer is time in which the machine stood
    still or served others first; what is over is `lost_s` and left out of `seconds`. So is
    `others_s`, what others took of the rest: where eight want to run on two processors, three
    quarters.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.lost_s = self.others_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    @property
    def seconds(self) -> float:
        """Since the beginning, without stalls and what went to others."""
        return time.monotonic() - self._began - self.lost_s - self.others_s

    def __enter__(self) -> Self:
        self._thread.start()
        self._began = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _listen(self) -> None:
        before = time.monotonic()
        while not self._over.wait(_STEP_S):
            now = time.monotonic()
            step = now - before
            stalled = max(0.0, step - _USUAL_S)
            self.lost_s += stalled
            share = to_others(_LOAD.read_text(), len(os.sched_getaffinity(0)))
            self.others_s += share * (step - stalled)
            before = now


def to_others(load: str, processors: int) -> float:
    """What share of its time one that wants to run does not get; who reads this is no other."""
    wanting = int(load.split()[3].partition("/")[0]) - 1
    return 1 - processors / max(wanting, processors)
