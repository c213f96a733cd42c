"""A screen for the machine: a pseudo-terminal for a text console, and what was drawn on it."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import struct
import termios
import threading
import time
from fcntl import ioctl

_WITHIN_S = 120.0


class Screen:
    """`path` is what a program draws on. Nobody types."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()  # ours is kept open: nothing hangs up
        ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        self.path = os.ttyname(self._theirs)
        self._drawn = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def text(self) -> str:
        """All that was drawn, without a terminal's commands."""
        drawn = bytes(self._drawn).decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)

    def shows(self, word: str) -> None:
        deadline = time.monotonic() + _WITHIN_S
        while word not in self.text:
            assert time.monotonic() < deadline, f"{word} never stood there: {self.text[-800:]!r}"
            time.sleep(0.1)

    def forget(self) -> None:
        self._drawn.clear()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._drawn += os.read(self._ours, 65536)
