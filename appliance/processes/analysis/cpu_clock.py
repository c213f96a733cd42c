"""CPU time per stage of a request, for the health page and the benchmark."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class CpuClock:
    """`spent` maps a stage to milliseconds of CPU time; stages do not nest.

    The thread's time, not the process's: while a CPU timer of the process runs (request_limits),
    the kernel moves the latter on in ticks of several milliseconds. There is only one thread.
    """

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.thread_time()
        try:
            yield
        finally:
            took = (time.thread_time() - started) * 1000.0
            self.spent[name] = self.spent.get(name, 0.0) + took
