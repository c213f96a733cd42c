"""Times a promise, and not the machine: seconds in which the machine ran nobody do not count."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

_STEP_S = 0.01
_USUAL_S = 0.02  # a step that is not longer was no stall


class Stopwatch:
    """`with Stopwatch() as watch: ...; assert watch.seconds < 2`.

    A thread sleeps in steps of 10 ms. A step that takes longer is time in which the machine stood
    still or served others first; what is over is `lost_s` and left out of `seconds`.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.lost_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    @property
    def seconds(self) -> float:
        """Since the beginning, without stalls."""
        return time.monotonic() - self._began - self.lost_s

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
            self.lost_s += max(0.0, now - before - _USUAL_S)
            before = now
