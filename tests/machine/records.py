"""A database on the machine's loopback interface, where the box counts it as on site: a process of
ours in the machine's network, for the machine has none."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.rehearsal.cloud_servers import secantus_binary
from tests.machine.lan import enter
from tests.machine.networks import Networks

_PORT = 27017
URI = f"mongodb://127.0.0.1:{_PORT}/?directConnection=true"
_READY_S = 90.0


@contextmanager
def records(networks: Networks, data: Path) -> Iterator[None]:
    data.mkdir(exist_ok=True)
    with (data / "log").open("wb") as log:
        server = subprocess.Popen(
            ["ip", "netns", "exec", networks.box, str(secantus_binary()),
             *("--host", "127.0.0.1", "--port", str(_PORT), "--log-level", "ERROR"),
             *("--storage-path", str(data), "--cache-size", "256M")],
            stdout=log,
            stderr=log,
        )  # fmt: skip
    try:
        answering = threading.Thread(target=_until_it_answers, args=(networks.box, server))
        answering.start()
        answering.join()
        assert server.poll() is None, (data / "log").read_text(errors="replace")
        yield
    finally:
        server.terminate()
        server.wait()


def _until_it_answers(network: str, server: subprocess.Popen[bytes]) -> None:
    """In a thread of its own, which stays in that network."""
    enter(network)
    deadline = time.monotonic() + _READY_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", _PORT), timeout=5):
                return
        except OSError:
            time.sleep(0.1)
