"""UDP to the relay, asked for with real sockets: answered, silent, refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aioice import stun
from aiortc import RTCIceServer

from appliance.rehearsal.free_ports import free_port
from tui.relay_probe import answers_over_udp
from tui.relay_way import address_of, open_ways

PATIENT_S = 30.0  # an answer ends the wait


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


def ways(port: int) -> list[RTCIceServer]:
    urls = [f"turn:127.0.0.1:{port}?transport=udp", "turn:127.0.0.1:1?transport=tcp"]
    return [RTCIceServer(urls=[url]) for url in urls]


@pytest.mark.parametrize("hears", [1, 3])  # the third: two packets were lost
async def test_a_relay_that_answers_is_open_also_when_packets_are_lost(hears: int) -> None:
    async with relay(hears) as (found, port):
        assert await answers_over_udp("127.0.0.1", port, PATIENT_S)
        assert found.heard >= hears


async def test_silence_ends_with_patience_and_a_refusal_at_once() -> None:
    async with relay(0) as (found, port):
        assert not await answers_over_udp("127.0.0.1", port, 0.15)
        assert found.heard >= 1
    assert not await answers_over_udp("127.0.0.1", free_port(), PATIENT_S)


async def test_udp_is_the_last_way_where_it_is_closed() -> None:
    closed = ways(free_port())
    assert [address_of(w) for w in await open_ways(closed)] == [
        address_of(w) for w in reversed(closed)
    ]
    assert await open_ways(closed[:1]) == closed[:1]  # nothing else to try
    async with relay(1) as (_, port):
        given = ways(port)
        assert await open_ways(given) == given
        assert await open_ways(given[1:]) == given[1:]
