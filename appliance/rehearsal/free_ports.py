"""Ports for servers that are told theirs when they are started: in a rehearsal and in the tests.

A port that the system hands out by itself (`bind` to 0) it may hand out once more before the server
has started. These lie below the ones it hands out, and who takes one holds its number against all
others on this machine that ask here.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections import deque
from pathlib import Path

_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_COUNT = 12_000
_APART = 4  # a relay takes the port it is told, and the next three for further exams at once
_FIRST = max(1024, int(_HANDED_OUT.read_text().split()[0]) - _COUNT)
# Descriptors of what this process holds, as long as it lives. The oldest are let go: their servers
# have started by then.
_held: deque[int] = deque(maxlen=200)
_start = secrets.randbelow(_COUNT // _APART)
_asked = 0


def free_port() -> int:
    """A port that nobody has, neither for TCP nor for UDP, on any address, nor the three after it;
    raise OSError without one. Not the same twice before all others had their turn."""
    global _asked
    for _ in range(_COUNT // _APART):
        port = _FIRST + _APART * ((_start + _asked) % (_COUNT // _APART))
        _asked += 1
        if all(map(_is_free, range(port, port + _APART))) and _take(port):
            return port
    raise OSError("no free port")


def _take(port: int) -> bool:
    """An abstract name (unix(7)): one holder at a time, none once its process has ended, and of
    this network namespace, as ports are."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0hallvakt-port-{port}")
    except OSError:
        name.close()
        return False
    if len(_held) == _held.maxlen:
        os.close(_held.popleft())
    _held.append(name.detach())
    return True


def _is_free(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        try:
            tcp.bind(("", port))
            udp.bind(("", port))
        except OSError:
            return False
    return True
