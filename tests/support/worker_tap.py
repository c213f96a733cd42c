"""Listens in between a gateway and a media worker: what was asked and answered, as it went by."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

from appliance.adapters.workers import codec
from appliance.core.messages import WorkerReply, WorkerRequest


class WorkerTap:
    """Takes the place of a worker's socket at `front` and hands everything on to `behind`.

    `exchanges` are (request, reply) in order; `forget` empties it. Serves one connection at a
    time, as the worker behind it does.
    """

    def __init__(self, front: Path, behind: Path) -> None:
        self._behind = behind
        self.exchanges: list[tuple[WorkerRequest, WorkerReply]] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(front))
        self._listening.listen()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def forget(self) -> None:
        self.exchanges.clear()

    def close(self) -> None:
        for end in (self._listening, *self._open):
            with contextlib.suppress(OSError):  # its other end was faster
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                gateway, _ = self._listening.accept()
            except OSError:
                return  # closed
            worker = socket.socket(socket.AF_UNIX)
            self._open += [gateway, worker]
            try:
                worker.connect(str(self._behind))
                gateway.sendall(_exactly(worker, len(codec.GREETING)))
                while True:
                    request = _frame(gateway)
                    worker.sendall(codec.LENGTH.pack(len(request)) + request)
                    reply = _frame(worker)
                    self.exchanges.append(
                        (codec.decode_request(request), codec.decode_reply(reply))
                    )
                    gateway.sendall(codec.LENGTH.pack(len(reply)) + reply)
            except OSError:
                gateway.close()
                worker.close()


def _frame(end: socket.socket) -> bytes:
    (length,) = codec.LENGTH.unpack(_exactly(end, codec.LENGTH.size))
    return _exactly(end, length)


def _exactly(end: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = end.recv(length - len(received))
        if not piece:
            raise ConnectionResetError
        received += piece
    return received
