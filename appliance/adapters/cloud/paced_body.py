"""A request's body at the pace of the line, sent once.

aiohttp sends a request again by itself when a kept connection turns out to be closed. What of it
has arrived is then known to the store only, so a body that was begun says that it is used up: the
error reaches whoever can ask the store.
"""

from __future__ import annotations

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from appliance.core.transfer import Sender

_PIECE = 64 * 1024


class PacedBody(Payload):
    """`parts` one after another."""

    def __init__(self, line: Sender, *parts: bytes | memoryview) -> None:
        super().__init__(parts)
        self._line = line
        self._parts = parts
        self._size = sum(len(part) for part in parts)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("an upload is bytes")

    async def write(self, writer: AbstractStreamWriter) -> None:
        self._consumed = True
        for part in self._parts:
            for at in range(0, len(part), _PIECE):
                piece = part[at : at + _PIECE]
                await self._line.send(len(piece))
                await writer.write(piece)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        await self.write(writer)
