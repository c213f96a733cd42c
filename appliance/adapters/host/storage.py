"""How the disk under a directory is: room, kind, how long a write takes to be safe, its health."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_WRITES, _BLOCK = 21, b"\0" * 4096
_SMARTCTL_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bytes."""

    free: int
    total: int


def room(directory: Path) -> Room:
    disk = os.statvfs(directory)
    return Room(free=disk.f_bavail * disk.f_frsize, total=disk.f_blocks * disk.f_frsize)


def write_once(directory: Path) -> None:
    """Return when one block is on the disk; it is removed again. Raises OSError."""
    path = directory / f".write-probe.{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, _BLOCK)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()


def fsync_ms(directory: Path) -> float:
    """Median time, in milliseconds, until a small appended write is on the disk. Writes and removes
    one small file; raises OSError."""
    path = directory / f".fsync-probe.{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        taken = []
        for _ in range(_WRITES):
            began = time.perf_counter()
            os.write(descriptor, _BLOCK)
            os.fsync(descriptor)
            taken.append((time.perf_counter() - began) * 1000)
        return statistics.median(taken)
    finally:
        os.close(descriptor)
        path.unlink()


def file_system(directory: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind (`ext4`, `tmpfs`) of the mount that holds `directory`; `unknown` without one."""
    device = directory.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.read_text().splitlines():
        # proc(5): id, parent, major:minor, root, mount point, ... - kind, source, options
        left, _, right = line.partition(" - ")
        if left.split()[2] == wanted:
            return right.split()[0]
    return "unknown"


def may_be_asked() -> bool:
    """Whether this process may ask a disk for its verdict: root, with the machine's devices."""
    return os.geteuid() == 0


def health(blocks: Path = Path("/sys/block")) -> list[tuple[str, bool | None]]:
    """(device, SMART's verdict; None where it gives none) of each physical disk."""
    names = sorted(disk.name for disk in blocks.iterdir() if (disk / "device").exists())
    return [(name, _ask(name)) for name in names]


def _ask(name: str) -> bool | None:
    smartctl = shutil.which("smartctl", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if smartctl is None:
        return None
    try:
        # Its exit code is a set of bits, some of which only say that the disk is old.
        done = subprocess.run(
            [smartctl, "--health", "--json", f"/dev/{name}"],
            capture_output=True,
            timeout=_SMARTCTL_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return verdict(done.stdout)


def verdict(said: bytes) -> bool | None:
    """Of what `smartctl --json` said: did the disk pass its own test. None where it does not say,
    as a virtual disk or one that may not be opened."""
    try:
        passed = json.loads(said)["smart_status"]["passed"]
    except (ValueError, KeyError, TypeError):
        return None
    return passed if isinstance(passed, bool) else None
