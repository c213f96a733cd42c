"""What one process moves over the network and what a directory holds, as the kernel tells it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

_MOVED = re.compile(r"bytes_(?:acked|received):(\d+)")


def processes(*words: str) -> list[int]:
    """Ids of the processes whose command line has all `words`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue  # it has just ended
        if all(word.encode() in command for word in words):
            found.append(int(path.parent.name))
    return found


def children(process: int, name: str) -> list[int]:
    found = Path(f"/proc/{process}/task").glob("*/children")
    ids = [int(child) for path in found for child in path.read_text().split()]
    return [one for one in ids if Path(f"/proc/{one}/comm").read_text().strip() == name]


def tcp_bytes(process: int) -> int:
    """Bytes acknowledged and received on the TCP connections that are open now."""
    shown = subprocess.run(["ss", "-tinpH"], capture_output=True, text=True, check=True).stdout
    lines, total = shown.splitlines(), 0
    for head, facts in zip(lines[::2], lines[1::2], strict=True):
        if f"pid={process}," in head:
            total += sum(map(int, _MOVED.findall(facts)))
    return total


def udp_sockets(process: int) -> int:
    shown = subprocess.run(["ss", "-uanpH"], capture_output=True, text=True, check=True).stdout
    return sum(f"pid={process}," in line for line in shown.splitlines())


def size_of(directory: Path) -> int:
    """Bytes in all files below it."""
    total = 0
    for root, _, files in os.walk(directory):
        for name in files:
            try:
                total += (Path(root) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total


def written(process: int) -> int:
    """Bytes this process caused to be sent to any disk (`proc(5)`, io)."""
    text = Path(f"/proc/{process}/io").read_text()
    return int(text.split("write_bytes:")[1].split()[0])
