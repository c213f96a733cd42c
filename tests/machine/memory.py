"""A bound on what some processes may take of this machine's memory, by the kernel's controller (its
first version, which is the one that can be had beside a machine in systemd-nspawn)."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

_CONTROLLER = Path("/sys/fs/cgroup/memory")
_WITHIN_S = 120.0


class Bound:
    """`most`: bytes that they may have on top of what they have already."""

    def __init__(self, name: str, *, most: int) -> None:
        self._group = _CONTROLLER / name
        self._most = most

    def __enter__(self) -> Bound:
        self._group.mkdir()
        (self._group / "memory.limit_in_bytes").write_text(str(self._most))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Who lives goes on without it."""
        while left := (self._group / "cgroup.procs").read_text().split():
            for pid in left:
                try:
                    (_CONTROLLER / "cgroup.procs").write_text(pid)
                except ProcessLookupError:
                    continue
        self._group.rmdir()

    def put(self, *pids: int) -> None:
        for pid in pids:
            (self._group / "cgroup.procs").write_text(str(pid))

    def until_killed(self) -> None:
        """Until the kernel has killed one of them for what it took."""
        deadline = time.monotonic() + _WITHIN_S
        while self._kills() == 0:
            assert time.monotonic() < deadline, "nobody took too much"
            time.sleep(0.05)

    def _kills(self) -> int:
        told = dict(
            line.split() for line in (self._group / "memory.oom_control").read_text().splitlines()
        )
        return int(told["oom_kill"])
