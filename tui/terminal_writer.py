"""Hands characters to the terminal without ever waiting for it.

Textual's own writer lets the whole program wait once thirty pieces are queued: on a line that
stands still the console would no longer read what the box tells it.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

_PIECE = 4096  # bytes; what a pseudo-terminal takes at once
BEHIND_FROM = 8192  # bytes not yet taken: four seconds of a line that carries 2 kB/s


class TerminalWriter:
    """`room` is called, in the writer's thread, whenever the terminal was behind and has caught up:
    what waits has fallen below `BEHIND_FROM`."""

    def __init__(self, descriptor: int, room: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._room = room
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="terminal-writer", daemon=True)
        self._thread.start()

    @property
    def is_behind(self) -> bool:
        return self._waiting >= BEHIND_FROM

    def write(self, characters: str) -> None:
        data = characters.encode("utf-8", "replace")
        with self._lock:
            self._waiting += len(data)
        self._queue.put(data)

    def stop(self) -> None:
        """After all that was written is out."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            for at in range(0, len(data), _PIECE):
                self._hand_over(data[at : at + _PIECE])

    def _hand_over(self, piece: bytes) -> None:
        size, rest = len(piece), memoryview(piece)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            pass  # the terminal is gone; `terminal_watch` ends the program
        with self._lock:
            behind, self._waiting = self._waiting, self._waiting - size
        if behind >= BEHIND_FROM > behind - size:
            self._room()
