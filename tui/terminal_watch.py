"""The program ends with its terminal, also where the kernel sends no hang-up signal.

A closed window or a lost SSH link sends `SIGHUP` only to a session whose controlling terminal
went away. Started in another way (by a supervisor, inside another program's terminal), the
console would stay behind: logged in, and its input thread reading end-of-file as fast as it can.
"""

from __future__ import annotations

import os
import select
import signal
import threading


def end_with_the_terminal(descriptor: int = 0) -> None:
    """Raise `SIGHUP` in this process once the terminal at `descriptor` is gone.

    Waiting costs nothing: the thread sleeps in `poll` until the kernel reports the hang-up.
    Does nothing where `descriptor` is no terminal.
    """
    if os.isatty(descriptor):
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # started by `nohup`, or by what was
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
        threading.Thread(
            target=_wait, args=(descriptor,), name="terminal-watch", daemon=True
        ).start()


def _wait(descriptor: int) -> None:
    hang_up = select.poll()
    hang_up.register(descriptor, 0)  # no event asked for: only hang-up and error are reported
    hang_up.poll()
    os.kill(os.getpid(), signal.SIGHUP)
