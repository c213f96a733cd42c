"""A relay of which only one thing is there: it answers STUN's binding requests over UDP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aioice import stun


class Relay(asyncio.DatagramProtocol):
    """Answers from the `hears`th request on; 0 never."""

    def __init__(self, hears: int) -> None:
        self.hears, self.heard = hears, 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard += 1
        if not self.hears or self.heard < self.hears:
            return
        self.transport.sendto(b"no stun at all", addr)
        for transaction in (bytes(12), stun.parse_message(data).transaction_id):
            reply = stun.Message(
                message_method=stun.Method.BINDING,
                message_class=stun.Class.RESPONSE,
                transaction_id=transaction,
            )
            self.transport.sendto(bytes(reply), addr)


@contextlib.asynccontextmanager
async def relay(hears: int) -> AsyncIterator[tuple[Relay, int]]:
    loop = asyncio.get_running_loop()
    transport, found = await loop.create_datagram_endpoint(
        lambda: Relay(hears), local_addr=("127.0.0.1", 0)
    )
    try:
        yield found, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
