"""What the box's own processes use: CPU time and memory, read from /proc once a second.

A process belongs to the box when the box's state directory is among its words, or what systemd
gives to a media worker of its own; coturn, whose words name no directory, belongs to whoever stands
in it.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_WORKERS = b"/run/hallvakt-media-worker/"  # systemd/hallvakt-media-worker@.service
_AFTER_NAME = 3  # fields of /proc/PID/stat before what follows the name, proc(5)
_UTIME, _STIME, _RSS = 14 - _AFTER_NAME, 15 - _AFTER_NAME, 24 - _AFTER_NAME


@dataclass(slots=True)
class BoxMeter:
    """Reads on in `run`; `begin` and `end` mark the span of which CPU is told."""

    state: Path
    peak_bytes: int = 0
    idle_bytes: int = 0
    _cpu: dict[int, float] = field(default_factory=dict)
    _gone: float = 0.0
    _from: tuple[float, float] = (0.0, 0.0)
    _to: tuple[float, float] = (0.0, 0.0)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.to_thread(self.read)
            await asyncio.sleep(1.0)

    def begin(self) -> None:
        self._from = (time.monotonic(), self.read())

    def end(self) -> None:
        self._to = (time.monotonic(), self.read())

    @property
    def seconds(self) -> float:
        return self._to[0] - self._from[0]

    @property
    def cores_used(self) -> float:
        """CPU seconds per second between `begin` and `end`."""
        return (self._to[1] - self._from[1]) / self.seconds if self.seconds else 0.0

    def read(self) -> float:
        """CPU seconds so far of everything that is or was the box; notes the peak of memory."""
        seen, bytes_now = {}, 0
        for pid in _box_processes(self.state):
            with suppress(OSError, IndexError, ValueError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                seen[pid] = (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS
                bytes_now += int(fields[_RSS]) * _PAGE
        self._gone += sum(cpu for pid, cpu in self._cpu.items() if pid not in seen)
        self._cpu = seen
        self.peak_bytes = max(self.peak_bytes, bytes_now)
        self.idle_bytes = self.idle_bytes or bytes_now
        return self._gone + sum(seen.values())


def _box_processes(state: Path) -> list[int]:
    inside = str(state).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes()
            if b"turnserver" in words:
                if os.readlink(entry / "cwd").startswith(str(state)):
                    found.append(int(entry.name))
            elif b"appliance.processes" in words and (inside in words or _WORKERS in words):
                found.append(int(entry.name))
    return found
