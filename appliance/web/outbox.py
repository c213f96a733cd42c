"""What goes out over one WebSocket: bounded, in order, written by one task."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, web

_MOST_WAITING = 256


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
        if len(self._waiting) >= _MOST_WAITING:
            self.close(WSCloseCode.TRY_AGAIN_LATER, "reads too slowly")
            self._waiting.clear()
            return
        self._waiting.append(make)
        self._wake.set()

    def close(self, code: int = WSCloseCode.OK, reason: str = "") -> None:
        """After what waits has gone out."""
        if self._closing is None:
            self._closing = (code, reason)
        self._wake.set()

    async def run(self) -> None:
        """Write until closed; ends quietly when the peer is gone."""
        try:
            while True:
                while self._waiting:
                    message = await self._waiting.popleft()()
                    await self._socket.send_str(message.decode())
                if self._closing is not None:
                    code, reason = self._closing
                    await self._socket.close(code=code, message=reason.encode()[:120])
                    return
                self._wake.clear()
                await self._wake.wait()
        except ConnectionError:
            return
