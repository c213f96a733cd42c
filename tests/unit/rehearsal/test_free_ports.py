"""Ports for servers to come: nobody else has them, and nobody else is given them meanwhile."""

from __future__ import annotations

import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.rehearsal import free_ports

_TWENTY = """
from appliance.rehearsal import free_ports
free_ports._start = {start}
print(*[free_ports.free_port() for _ in range(20)], flush=True)
input()
"""


def test_two_who_look_at_the_same_ports_get_different_ones() -> None:
    start = free_ports._start + free_ports._asked
    with subprocess.Popen(
        [sys.executable, "-c", _TWENTY.format(start=start)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        theirs = other.stdout.readline().split()
        ours = [free_ports.free_port() for _ in range(40)]
        other.communicate("\n")
    everyone = sorted({*map(int, theirs), *ours})
    assert len(everyone) == 60
    assert min(b - a for a, b in pairwise(everyone)) >= 4  # a relay takes four in a row


def test_the_system_hands_none_of_them_out() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert 1024 <= free_ports.free_port() < max(first, 1024 + 12_000)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_what_somebody_has_is_passed_over(
    kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_ports.free_port()
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", port))
        monkeypatch.setattr(free_ports, "_asked", free_ports._asked - 1)
        assert not free_ports._is_free(port)
        assert free_ports.free_port() != port
