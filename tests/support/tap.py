"""A TCP proxy on loopback that counts bytes and requests, delays, limits, and cuts the line."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from socket import SO_RCVBUF, SOL_SOCKET
from types import TracebackType
from typing import Self

from tests.support.sent_again import SentAgain

_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) [^\r\n ]+ HTTP/1\.1\r\n")
_PIECE = 64 * 1024


class Tap:
    """Between a client and `host:port`; `sent_bytes` went towards the server.

    `delay_s` holds each piece back once per direction; as many pieces as fit are under way at the
    same time, as on a real line.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        delay_s: float = 0.0,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        pieces: int = 64,
        byte_s: float | None = None,
    ) -> None:
        """`byte_s` is the rate towards the server, of all connections together; `pieces` of at
        most 64 KiB may be under way in each direction of a connection, and as many again in the
        kernel's hands."""
        self._to = (host, port)
        self.delay_s = delay_s
        self._listen = listen
        self._pieces = pieces
        self._byte_s = byte_s
        self._free_s = 0.0
        self.watch: Callable[[int], None] = lambda total: None  # told as bytes go to the server
        self.sent_bytes = self.received_bytes = self.requests = 0
        self.connections = 0
        self.again = SentAgain()  # told by `readers`, where they are of `sent_again.objects_of`
        # One for each connection, told of all that goes to the server.
        self.readers: Callable[[], Callable[[bytes], None]] = lambda: lambda piece: None
        self.answer: bytes | None = None  # instead of connecting anywhere
        self._cut_at: int | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, *self._listen)
        for listening in self._server.sockets:
            listening.setsockopt(SOL_SOCKET, SO_RCVBUF, self._pieces * _PIECE)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut_after(self, count: int) -> None:
        """Cut every connection, once, when so many more bytes went towards the server."""
        self._cut_at = self.sent_bytes + count

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            if self.answer is not None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(self.answer)
                await writer.drain()
                return
            there, back = await asyncio.open_connection(*self._to)
            self._writers.add(back)
            await asyncio.gather(
                self._pass_on(reader, back, up=True), self._pass_on(there, writer, up=False)
            )
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # an end has gone, which is what this is for
        finally:
            self._tasks.discard(task)
            for end in (writer, *([back] if "back" in locals() else [])):
                self._writers.discard(end)
                with contextlib.suppress(OSError):
                    end.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        loop, told = asyncio.get_running_loop(), self.readers()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=self._pieces)

        async def deliver() -> None:
            while True:
                due, piece = await waiting.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not piece:
                    with contextlib.suppress(OSError):
                        writer.write_eof()
                    return
                if up and self._byte_s is not None:
                    self._free_s = max(self._free_s, loop.time()) + len(piece) / self._byte_s
                    await asyncio.sleep(self._free_s - loop.time())
                self._count(piece, up=up)
                if up:
                    told(piece)
                writer.write(piece)
                await writer.drain()

        delivering = asyncio.ensure_future(deliver())
        try:
            while piece := await reader.read(_PIECE):
                await waiting.put((loop.time() + self.delay_s, piece))
                if delivering.done():
                    break
            await waiting.put((loop.time() + self.delay_s, b""))
            await delivering
        finally:
            delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await delivering

    def _count(self, piece: bytes, *, up: bool) -> None:
        if not up:
            self.received_bytes += len(piece)
            return
        self.sent_bytes += len(piece)
        self.requests += len(_REQUEST.findall(piece))
        self.watch(self.sent_bytes)
        if self._cut_at is not None and self.sent_bytes >= self._cut_at:
            self._cut_at = None
            self.cut()
