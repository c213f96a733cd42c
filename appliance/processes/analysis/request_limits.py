"""A request that runs too long ends the process: no code of a decoder can talk its way out.

Two timers of the kernel, one on the wall clock and one on CPU time, are set before a request and
cleared after it. Their signals keep the default action, which is death; the supervisor starts a new
worker within a second and only this one request is lost.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

CPU_S = 8.0  # thirty seconds of 720p with a single key frame took 1.2
WALL_S = 13.0  # a little more than the gateway waits


@contextmanager
def limited(cpu_s: float = CPU_S, wall_s: float = WALL_S) -> Iterator[None]:
    """Main thread only, as signals are."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.setitimer(signal.ITIMER_PROF, 0.0)
