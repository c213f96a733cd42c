"""The worker's side of the Unix socket: one connection after another, one request at a time."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Callable
from pathlib import Path

from appliance.adapters.workers import codec
from appliance.core.errors import BadInput
from appliance.core.messages import WorkerReply, WorkerRequest
from appliance.processes.analysis.request_limits import limited


def listen(path: Path, *, for_group: bool = False) -> socket.socket:
    """Bind `path`, for the owner and, if so said, the group; what an earlier worker left there is
    replaced."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117 if for_group else 0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen(4)
    return listening


class Turns:
    """Waits for the next thing to do; before it and each `turn_s` of idling calls `alive`, so that
    what calls it is the one thread that does the work, and a request that never ends ends that."""

    def __init__(self, alive: Callable[[], None], turn_s: float) -> None:
        self._alive = alive
        self._turn_ms = turn_s * 1000

    def until_readable(self, end: socket.socket) -> None:
        waiting = select.poll()
        waiting.register(end, select.POLLIN)
        self._alive()
        while not waiting.poll(self._turn_ms):
            self._alive()


def serve(
    listening: socket.socket, answer: Callable[[WorkerRequest], WorkerReply], turns: Turns
) -> None:
    """Until the process ends. A peer that breaks the protocol loses its connection, no more."""
    while True:
        turns.until_readable(listening)
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError, BadInput):
            connection.sendall(codec.GREETING)
            while (frame := _receive(connection, turns)) is not None:
                request = codec.decode_request(frame)
                with limited():
                    reply = codec.encode(answer(request))
                connection.sendall(reply)


def _receive(connection: socket.socket, turns: Turns) -> bytes | None:
    """A frame without its length; None at the end of the connection."""
    length_bytes = _receive_exactly(connection, codec.LENGTH.size, turns)
    if length_bytes is None:
        return None
    (length,) = codec.LENGTH.unpack(length_bytes)
    codec.check_length(length)
    return _receive_exactly(connection, length, turns)


def _receive_exactly(connection: socket.socket, length: int, turns: Turns) -> bytes | None:
    received = bytearray()
    while len(received) < length:
        turns.until_readable(connection)
        piece = connection.recv(min(length - len(received), 1 << 20))
        if not piece:
            return None
        received += piece
    return bytes(received)
