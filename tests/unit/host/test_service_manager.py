"""What systemd is told, over a real datagram socket."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from appliance.adapters.host.service_manager import ServiceManager


def test_without_systemd_nothing_is_said() -> None:
    manager = ServiceManager({})
    assert manager.watchdog_s is None
    manager.ready("up")
    manager.alive()


def test_it_says_ready_alive_and_stopping(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        manager = ServiceManager(
            {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}
        )
        assert manager.watchdog_s == 30.0
        manager.ready("serving on port 8443")
        manager.alive()
        manager.stopping()
        said = [listening.recv(256) for _ in range(3)]
    assert said == [b"READY=1\nSTATUS=serving on port 8443", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_manager_that_does_not_listen_holds_nothing_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for _ in range(1000):  # far more than its queue holds
            manager.alive()


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    environment = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid() + 1)}
    assert ServiceManager(environment).watchdog_s is None
