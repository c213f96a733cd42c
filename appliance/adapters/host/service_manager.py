"""Tells systemd how a service is (sd_notify(3)); without systemd, nothing is said."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

_MICROSECONDS = 1_000_000


class ServiceManager:
    """Where `NOTIFY_SOCKET` names nobody, every call does nothing."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        # The watchdog is meant for one process (sd_watchdog_enabled(3)).
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        asked = environment.get("WATCHDOG_USEC", "") if mine else ""
        self._watchdog_s = int(asked) / _MICROSECONDS if asked.isdigit() else None

    @property
    def watchdog_s(self) -> float | None:
        """Within how many seconds a sign of life is expected; None when none is."""
        return self._watchdog_s

    def ready(self, status: str) -> None:
        self._say(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            # A manager that is too busy to listen must not hold up the work it watches.
            with contextlib.suppress(BlockingIOError):
                channel.sendto(words.encode(), self._address)
