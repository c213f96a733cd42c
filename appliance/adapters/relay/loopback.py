"""Sends one packet through a relay the way a live view does: from one allocation to another.

That answers what a port that listens does not: are credentials taken, does the relay address
exist, do packets come through.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aioice import stun, turn

from appliance.core.errors import Unreachable
from appliance.core.ports import IceServer

_WITHIN_S = 8.0


async def round_trip_ms(one: IceServer, other: IceServer) -> float:
    """Milliseconds from an allocation of `one` to an allocation of `other`.

    Raises Unreachable when either is refused or nothing arrives within 8 s.
    """
    packet = secrets.token_bytes(32)
    try:
        async with (
            asyncio.timeout(_WITHIN_S),
            _allocation(one) as (a, a_at),
            _allocation(other) as (b, b_at),
        ):
            # Packets pass only where both sides have named each other: the first one says so.
            await b.send_data(b"?", a_at)
            b.receiver = receiver = _Receiver()
            began = time.perf_counter()
            await a.send_data(packet, b_at)
            if await receiver.packets.get() != packet:
                raise Unreachable("The relay delivered something else than what was sent.")
            return (time.perf_counter() - began) * 1000
    except stun.TransactionFailed as refused:
        code = refused.response.attributes.get("ERROR-CODE", (0, ""))[0]
        raise Unreachable(f"The relay refused an allocation (error {code}).") from refused
    except stun.TransactionTimeout as silent:
        raise Unreachable("The relay does not answer.") from silent
    except TimeoutError as silent:
        raise Unreachable(
            "A packet sent through the relay did not arrive: check that relay.relay_host is an "
            "address of this machine."
        ) from silent


class _Receiver(asyncio.DatagramProtocol):
    """What aioice's client hands arriving packets to."""

    def __init__(self) -> None:
        self.packets: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.packets.put_nowait(data)


@contextlib.asynccontextmanager
async def _allocation(
    server: IceServer,
) -> AsyncIterator[tuple[turn.TurnClientUdpProtocol, tuple[str, int]]]:
    host, _, port = urlsplit(server.urls[0]).path.rpartition(":")
    place = (host.strip("[]"), int(port))
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: turn.TurnClientUdpProtocol(
            place,
            username=server.username,
            password=server.credential,
            lifetime=60,
            channel_refresh_time=500,
        ),
        remote_addr=place,
    )
    try:
        yield client, await client.connect()
        await client.delete()
    finally:
        transport.close()
        if client.refresh_task is not None:
            client.refresh_task.cancel()
