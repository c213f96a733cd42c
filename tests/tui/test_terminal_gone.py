"""A program whose terminal is gone ends, also without a hang-up signal from the kernel.

Tried on the first boot, which draws without a box; the console calls the same line. It is started
by what ignores the signal, as `nohup` does, and programs inherit that.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

_LONG_S = 60.0
"""The promise is that it ends at all: before, it stayed for ever and kept a core busy."""


def test_it_ends_with_its_terminal(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    # A session of its own, whose controlling terminal is not this one: no SIGHUP is sent to it.
    process = subprocess.Popen(
        [
            *("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"),
            *(sys.executable, "-m", "tui.first_boot", "--state", str(tmp_path)),
        ],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        drawn = b""
        while b"\x1b[?1049h" not in drawn:  # the screen it draws on
            drawn += os.read(master, 65536)
        os.close(master)
        assert process.wait(_LONG_S) == -signal.SIGHUP
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
