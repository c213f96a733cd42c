"""Both directions of one WebSocket: what comes in is handed on, what goes out is bounded, in
order, and written by one task."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

LONGEST_REASON = 120  # a close frame's text has at most 123 bytes (RFC 6455, section 5.5)
_MOST_WAITING = 256
CLOSE_WITHIN_S = 2.0  # for a peer that is gone without a word: nobody waits for it longer
_LAST_WORDS_S = 2.0


class Outbox:
    """`put` and `close` never wait. A peer that does not read what waits for it is cut off."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._waiting: deque[Callable[[], Awaitable[bytes]]] = deque()
        self._wake = asyncio.Event()
        self._closing: tuple[int, str] | None = None

    def put(self, message: bytes) -> None:
        async def ready() -> bytes:
            return message

        self.put_later(ready)

    def put_later(self, make: Callable[[], Awaitable[bytes]]) -> None:
        """`make` is asked for the message when its turn has come."""
        if self._closing is not None:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.clear()
            self.close(WSCloseCode.TRY_AGAIN_LATER, "reads too slowly")
            return
        self._waiting.append(make)
        self._wake.set()

    def close(self, code: int = WSCloseCode.OK, reason: str = "") -> None:
        """After what waits has gone out."""
        if self._closing is None:
            self._closing = (code, reason)
        self._wake.set()

    async def serve(self, take: Callable[[str], Awaitable[None]]) -> None:
        """Hand each text that comes in to `take`, until the peer goes or `close` was called."""
        reading = asyncio.create_task(self._read(take))
        writing = asyncio.create_task(self._write())
        tasks: list[asyncio.Task[Any]] = [reading, writing]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            # Whoever closes must be the only one who reads, or the peer's answer is lost.
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            self.close()
            await asyncio.wait([writing], timeout=_LAST_WORDS_S)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            code, reason = self._closing or (WSCloseCode.OK, "")
            with suppress(ConnectionError):
                await self._socket.close(code=code, message=reason.encode()[:LONGEST_REASON])

    async def _read(self, take: Callable[[str], Awaitable[None]]) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                return
            await take(message.data)

    async def _write(self) -> None:
        """Return when closed and all is written, or when the peer is gone."""
        with suppress(ConnectionError):
            while True:
                while self._waiting:
                    message = await self._waiting.popleft()()
                    await self._socket.send_str(message.decode())
                if self._closing is not None:
                    return
                self._wake.clear()
                await self._wake.wait()
