"""What the box's own processes use: CPU time and memory, read from /proc once a second.

A process belongs to the box when the box's state directory is among its words, or what systemd
gives to a media worker of its own; coturn, whose words name no directory, belongs to whoever stands
in it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
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
    """Reads on in `run`; `begin` and `end` mark the span of which CPU is told, and `ended` what of
    the box ended in it: gateway, media worker or relay, by name."""

    state: Path
    peak_bytes: int = 0
    idle_bytes: int = 0
    ended: list[str] = field(default_factory=list)
    _cpu: dict[int, float] = field(default_factory=dict)
    _reads: dict[int, int] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)
    _in_span: bool = False
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
        self._in_span = True

    def end(self) -> None:
        """What ends from here on is none of the span."""
        self._to = (time.monotonic(), self.read())
        self._in_span = False

    @property
    def seconds(self) -> float:
        return self._to[0] - self._from[0]

    @property
    def cores_used(self) -> float:
        """CPU seconds per second between `begin` and `end`."""
        return (self._to[1] - self._from[1]) / self.seconds if self.seconds else 0.0

    def read(self) -> float:
        """CPU seconds so far of everything that is or was the box; notes the peak of memory."""
        seen, bytes_now, here = {}, 0, _box_processes(self.state)
        for pid in here:
            with suppress(OSError, IndexError, ValueError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                seen[pid] = (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS
                bytes_now += int(fields[_RSS]) * _PAGE
        self._gone += sum(cpu for pid, cpu in self._cpu.items() if pid not in seen)
        self._cpu = seen
        self._note_ended(here)
        self.peak_bytes = max(self.peak_bytes, bytes_now)
        self.idle_bytes = self.idle_bytes or bytes_now
        return self._gone + sum(seen.values())

    def _note_ended(self, here: Mapping[int, str]) -> None:
        """One that was read once only may be a child that became another program at once."""
        if self._in_span:
            gone = [pid for pid, reads in self._reads.items() if pid not in here and reads > 1]
            self.ended += [self._names[pid] for pid in gone]
        self._reads = {pid: self._reads.get(pid, 0) + 1 for pid in here}
        self._names = dict(here)


def _box_processes(state: Path) -> dict[int, str]:
    """What each is, by its number."""
    inside = str(state).encode()
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes()
            if b"turnserver" in words:
                if os.readlink(entry / "cwd").startswith(str(state)):
                    found[int(entry.name)] = "relay"
            elif b"appliance.processes" in words and (inside in words or _WORKERS in words):
                module = words.partition(b"appliance.processes.")[2].partition(b"\0")[0]
                found[int(entry.name)] = module.decode().replace("_", " ")
    return found
