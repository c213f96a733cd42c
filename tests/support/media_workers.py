"""Real media workers for tests: processes of their own, in their sandbox, on a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.adapters.vision.weights import default_directory
from appliance.adapters.workers import codec
from appliance.core.messages import MakeFilmStrip, WorkerReply, WorkerRequest

_ROOT = Path(__file__).parents[2]
_START_S = 90.0


class WorkerProcess:
    """`ask` opens a connection of its own, so tests can also play a pool that comes and goes."""

    def __init__(self, directory: Path, name: str = "media-worker-1", models: Path | None = None):
        self.socket = directory / f"{name}.sock"
        self.models = models or default_directory()
        self.process = self._start()

    def _start(self, *, wait: bool = True) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "appliance.processes.media_worker"),
                *("--socket", str(self.socket), "--models", str(self.models)),
            ],
            cwd=_ROOT,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(_ROOT)},
            stderr=subprocess.PIPE,
        )
        if not wait:
            return process
        deadline = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                self.ask(MakeFilmStrip(media=b""))  # an answer means that it is locked down
            except OSError:
                time.sleep(0.02)
                continue
            return process
        raise RuntimeError(f"the media worker did not start: {process.poll()}")

    def ask(self, request: WorkerRequest) -> WorkerReply:
        """Raises ConnectionError when the worker goes away instead of answering."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            assert _receive(connection, len(codec.GREETING)) == codec.GREETING
            connection.sendall(codec.encode(request))
            (length,) = codec.LENGTH.unpack(_receive(connection, codec.LENGTH.size))
            return codec.decode_reply(_receive(connection, length))

    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def decoder(self) -> int:
        """The process id of the child that decodes; another one after each death."""
        return only_child(self.process.pid)

    def restart(self, *, wait: bool = True) -> None:
        """What the supervisor does for a worker that is gone. A worker serves one connection at a
        time: do not `wait` when a pool is there to take it first."""
        self.stop()
        self.process = self._start(wait=wait)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


def only_child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


@contextmanager
def media_worker(
    directory: Path, name: str = "media-worker-1", models: Path | None = None
) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(directory, name, models)
    try:
        yield worker
    finally:
        worker.stop()


async def until(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    """Wait for a condition that another process brings about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (nothing in this process could set an event)
            await asyncio.sleep(0.01)


def _receive(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            raise ConnectionResetError("the media worker is gone")
        received += piece
    return received
