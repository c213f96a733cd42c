"""The worker's side of the Unix socket: one connection after another, one request at a time."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from appliance.adapters.workers import codec
from appliance.core.errors import BadInput
from appliance.core.messages import WorkerReply, WorkerRequest
from appliance.processes.analysis.request_limits import limited


def listen(path: Path) -> socket.socket:
    """Bind `path`, for the owner only; what an earlier worker left there is replaced."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen(4)
    return listening


def serve(listening: socket.socket, answer: Callable[[WorkerRequest], WorkerReply]) -> None:
    """Until the process ends. A peer that breaks the protocol loses its connection, no more."""
    while True:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError, BadInput):
            connection.sendall(codec.GREETING)
            while (frame := _receive(connection)) is not None:
                request = codec.decode_request(frame)
                with limited():
                    reply = codec.encode(answer(request))
                connection.sendall(reply)


def _receive(connection: socket.socket) -> bytes | None:
    """A frame without its length; None at the end of the connection."""
    length_bytes = _receive_exactly(connection, codec.LENGTH.size)
    if length_bytes is None:
        return None
    (length,) = codec.LENGTH.unpack(length_bytes)
    codec.check_length(length)
    return _receive_exactly(connection, length)


def _receive_exactly(connection: socket.socket, length: int) -> bytes | None:
    received = bytearray()
    while len(received) < length:
        piece = connection.recv(min(length - len(received), 1 << 20))
        if not piece:
            return None
        received += piece
    return bytes(received)
