"""The parent of a process that may die: it forks one, and another the moment that one ends.

Everything is imported before the first fork, so the next one is there within milliseconds. The
media worker's listening socket belongs to the parent: when a decoder was killed by what it was
sent, whoever connects meanwhile waits in the socket's queue instead of being refused. The parent
itself never reads a byte of media or sound: only the child's signs of life, which it passes on. A
child that hangs gives none, and then neither does the parent (sd_watchdog_enabled(3)).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable

from appliance.processes.log_limit import LogLimit
from appliance.processes.log_lines import last_words

_PR_SET_PDEATHSIG = 1
# A child that dies sooner than this was not killed by a request: give the machine air.
_SHORT_LIFE_S = 0.2
_PAUSE_S = 0.3
_CANNOT_START = 3  # core/errors.py: wrong configuration, which starting again does not mend

_libc = ctypes.CDLL(None, use_errno=True)

Beat = Callable[[], None]


def _unheard() -> None:
    """For who has nobody to pass signs of life on to."""


def keep_alive(
    work: Callable[[Beat], int],
    on_death: Callable[[str], None],
    *,
    expected: int | None = None,
    on_beat: Beat = _unheard,
) -> int:
    """Run `work` in a child process, anew whenever it ends; returns only an exit code of 3.

    `work` returns its child's exit code. It is given what it calls as a sign of life after each
    piece of its work; the parent then calls `on_beat`. The child dies with its parent. `on_death`
    gets one line for the log, but not when the code is the `expected` one, nor more often than the
    log wants. Call it with a single thread.
    """
    limit = LogLimit()
    while True:
        started = time.monotonic()
        parent = os.getpid()
        aloud = limit.withheld("last words") is not None  # a child's own count ends with it
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(_in_child(work, writing, parent, aloud))
        os.close(writing)
        while os.read(reading, 64):  # until its end is closed, by its death at the latest
            on_beat()
        os.close(reading)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == _CANNOT_START:
            return code
        if code == expected:
            continue
        ended = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        withheld = limit.withheld("death")
        if withheld is not None:
            more = f" ({withheld} more did so before, unsaid)" if withheld else ""
            on_death(f"process {child} ended {ended} and is replaced{more}")
        if time.monotonic() - started < _SHORT_LIFE_S:
            time.sleep(_PAUSE_S)


def _in_child(work: Callable[[Beat], int], writing: int, parent: int, aloud: bool) -> int:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        return 1
    os.set_blocking(writing, False)

    def beat() -> None:
        with contextlib.suppress(BlockingIOError):  # as many as that lie there unread
            os.write(writing, b".")

    try:
        return work(beat)
    except Exception as error:  # noqa: BLE001 (it must not run on into the parent's code)
        if aloud:
            last_words("a process that is replaced failed", error)
        return 1
