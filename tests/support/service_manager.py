"""In systemd's place at the other end of NOTIFY_SOCKET: who said what, by process.

    manager = Manager(path)
    manager.ready(pid)                  # it said READY=1
    manager.hears(pid, other)           # each gives another sign of life
    manager.misses(pid, seconds=1)      # for so long it gave none
    manager.close()

Each waits for what it is named for, for a minute at most.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

_CREDENTIALS = struct.Struct("3i")  # ucred: pid, uid, gid (unix(7))
_WITHIN_S = 60.0


class Manager:
    def __init__(self, path: Path) -> None:
        self.environment = {"NOTIFY_SOCKET": str(path)}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))
        self._told = threading.Condition()
        self._ready: set[int] = set()
        self._beats: Counter[int] = Counter()
        # The queue of such a socket is short: who reads late misses words.
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def ready(self, *pids: int) -> None:
        self._until(lambda: self._ready.issuperset(pids), "READY=1")

    def hears(self, *pids: int) -> None:
        with self._told:
            before = Counter(self._beats)
            self._until(lambda: all(self._beats[pid] > before[pid] for pid in pids), "WATCHDOG=1")

    def misses(self, pid: int, seconds: float) -> None:
        deadline = time.monotonic() + _WITHIN_S
        with self._told:
            while True:
                before, began = self._beats[pid], time.monotonic()
                if not self._told.wait_for(lambda n=before: self._beats[pid] != n, seconds):  # type: ignore[misc]
                    return
                assert began < deadline, f"process {pid} goes on giving signs of life"

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reading.join(_WITHIN_S)
        self._socket.close()

    def _until(self, true: Callable[[], bool], word: str) -> None:
        with self._told:
            assert self._told.wait_for(true, _WITHIN_S), f"{word} did not come: {self._beats}"

    def _read(self) -> None:
        room = socket.CMSG_SPACE(_CREDENTIALS.size)
        while True:
            words, about, _, _ = self._socket.recvmsg(256, room)
            if not about:  # closed
                return
            pid, _, _ = _CREDENTIALS.unpack(about[0][2])
            with self._told:
                if words.startswith(b"READY=1"):
                    self._ready.add(pid)
                elif words == b"WATCHDOG=1":
                    self._beats[pid] += 1
                self._told.notify_all()
