"""Runs a process of the box with a wall clock that is off by what a file says, in seconds.

    python -m tests.support.shifted FILE MODULE [ARGUMENTS ...]

The file is read at every question, so the clock jumps when it is written. Everything else is the
real process; durations, as the kernel counts them, go on.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path


def shift(offset: Path) -> None:
    real_ns, real = time.time_ns, time.time
    time.time_ns = lambda: real_ns() + round(float(offset.read_text()) * 1e9)
    time.time = lambda: real() + float(offset.read_text())


if __name__ == "__main__":
    shift(Path(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
