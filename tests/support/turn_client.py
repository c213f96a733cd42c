"""A TURN client that asks for exactly one thing and tells the error code it got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aioice import stun, turn

from appliance.core.ports import IceServer


class Allocation:
    def __init__(self, inner: turn.TurnClientUdpProtocol, address: tuple[str, int]) -> None:
        self._inner = inner
        self.address = address
        self._channel = 0x4000

    def abandon(self) -> None:
        """The relay is gone: do not try to give the allocation back."""
        self._inner.transport.close()

    async def permission(self, peer: str) -> int:
        """0 when the relay permits packets to and from `peer`, its error code otherwise."""
        request = stun.Message(
            message_method=stun.Method.CREATE_PERMISSION, message_class=stun.Class.REQUEST
        )
        request.attributes["XOR-PEER-ADDRESS"] = (peer, 9)
        return await self._ask(request)

    async def channel(self, peer: str) -> int:
        """The same for binding a channel, coturn's other way to a peer."""
        self._channel += 1
        request = stun.Message(
            message_method=stun.Method.CHANNEL_BIND, message_class=stun.Class.REQUEST
        )
        request.attributes["CHANNEL-NUMBER"] = self._channel
        request.attributes["XOR-PEER-ADDRESS"] = (peer, 9)
        return await self._ask(request)

    async def _ask(self, request: stun.Message) -> int:
        try:
            await self._inner.request_with_retry(request)
        except stun.TransactionFailed as refused:
            return int(refused.response.attributes["ERROR-CODE"][0])
        return 0


@asynccontextmanager
async def allocation(server: IceServer, *, life_s: int = 600) -> AsyncIterator[Allocation]:
    """An allocation over UDP at `server`'s address; raises stun.TransactionFailed when refused."""
    host, _, port = urlsplit(server.urls[0]).path.rpartition(":")
    place = (host, int(port))
    transport, inner = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: turn.TurnClientUdpProtocol(
            place,
            username=server.username,
            password=server.credential,
            lifetime=life_s,
            channel_refresh_time=500,
        ),
        remote_addr=place,
    )
    try:
        address = await inner.connect()
        yield Allocation(inner, address)
        await inner.delete()
    finally:
        transport.close()
        if inner.refresh_task is not None:
            inner.refresh_task.cancel()
