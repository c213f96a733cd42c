"""One connection to one media worker: a frame goes out, a frame comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from appliance.adapters.workers import codec
from appliance.core.errors import TooLarge


class WorkerConnection(asyncio.Protocol):
    """Use from one task. `on_lost` is called once, when the worker's end is gone."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reply: asyncio.Future[bytes] | None = None
        self.lost = False

    async def greeted(self) -> None:
        """Return when the worker is ready. Raises ConnectionError when it goes away instead."""
        await self._greeting

    async def exchange(self, frame: bytes) -> bytes:
        """Send a whole frame and return the reply's, without its length.

        Raises ConnectionError when the worker goes away first or breaks the protocol.
        """
        if self.lost or self._transport is None:
            raise ConnectionResetError
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(frame)
        try:
            return await self._reply
        finally:
            self._reply = None

    def close(self) -> None:
        """Drop the connection without waiting for what may still be on the way."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports behave like asyncio's but do not derive from them.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) < codec.LENGTH.size:
            return
        (length,) = codec.LENGTH.unpack_from(self._received)
        end = codec.LENGTH.size + length
        try:
            codec.check_length(length)
        except TooLarge:
            self.close()
            return
        if len(self._received) < end:
            return
        frame = bytes(self._received[codec.LENGTH.size : end])
        del self._received[:end]
        if not frame and not self._greeting.done():
            self._greeting.set_result(None)
            return
        if self._reply is None or self._reply.done() or self._received:
            self.close()  # nobody asked: the two ends are out of step
            return
        self._reply.set_result(frame)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self._greeting.done():
            self._greeting.set_exception(ConnectionResetError())
            self._greeting.exception()  # seen, even when the pool was closed meanwhile
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionResetError())
            self._reply.exception()
        self._on_lost()
