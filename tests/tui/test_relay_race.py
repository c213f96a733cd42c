"""Which way to the relay wins: UDP where it answers, the next where not; nothing is left."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCIceServer

from appliance.rehearsal.free_ports import free_port
from tests.support.stun_relay import relay
from tui.relay_race import RelayRace
from tui.relay_way import address_of

UDP, TCP, TLS = "udp", "tcp", "tls"
OTHERS = ("turn:127.0.0.1:1?transport=tcp", "turns:127.0.0.1:2?transport=tcp")
NEVER_OVER_S = 60.0  # a head start that no test waits for


def ways(port: int) -> list[RTCIceServer]:
    return [RTCIceServer(urls=[url]) for url in (f"turn:127.0.0.1:{port}?transport=udp", *OTHERS)]


class Peers:
    """Makes a peer, called as its way is, at once unless `slow` names it; none where `closed`."""

    def __init__(self, *, slow: str = "", closed: tuple[str, ...] = ()) -> None:
        self._slow, self._closed = slow, closed
        self.asked: list[str] = []
        self.began = asyncio.Event()
        self.discarded: list[str] = []

    async def gather(self, way: RTCIceServer) -> str | None:
        address = address_of(way)
        name = TLS if address.startswith("turns:") else address[-3:]
        self.asked.append(name)
        self.began.set()
        if name == self._slow:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.discarded.append(name)
                raise
        return None if name in self._closed else name

    async def discard(self, peer: str) -> None:
        self.discarded.append(peer)

    async def winner(
        self, given: list[RTCIceServer], worked: str = "", head_start_s: float = 0.15
    ) -> str | None:
        race = RelayRace(self.gather, self.discard, head_start_s)
        opened = await race.run(given, worked)
        return opened and opened[1]


async def test_udp_where_it_answers() -> None:
    async with relay(1) as (_, port):
        peers = Peers()
        assert await peers.winner(ways(port), head_start_s=NEVER_OVER_S) == UDP
        assert (peers.asked[-1], peers.discarded) == (UDP, peers.asked[:-1])


async def test_udp_also_where_packets_are_lost_or_another_way_is_faster() -> None:
    """TCP has been asked by then, and what it found is given back."""
    for slow in ("", TCP):
        async with relay(6) as (_, port):
            peers = Peers(slow=slow)
            assert await peers.winner(ways(port), head_start_s=NEVER_OVER_S) == UDP
            assert (peers.asked, peers.discarded) == ([TCP, UDP], [TCP])


@pytest.mark.parametrize("worked", ["", OTHERS[0]])
async def test_another_way_where_udp_is_blocked(worked: str) -> None:
    async with relay(0) as (_, port):
        peers = Peers()
        assert await peers.winner(ways(port), worked) == TCP
        assert (peers.asked, peers.discarded) == ([TCP], [])


async def test_the_ways_that_are_left_where_two_are_closed() -> None:
    given = ways(free_port())  # refused, and said so
    peers = Peers(closed=(TCP,))
    assert await peers.winner(given) == TLS
    assert (peers.asked, peers.discarded) == ([TCP, TLS], [])
    peers = Peers(closed=(TCP, TLS, UDP))
    assert await peers.winner(given) is None
    assert peers.asked == [TCP, TLS, UDP]
    async with relay(1) as (_, port):  # it answers, and gives no address
        peers = Peers(closed=(UDP,))
        assert await peers.winner(ways(port), head_start_s=NEVER_OVER_S) == TCP


async def test_without_udp_one_after_the_other() -> None:
    peers = Peers(closed=(TCP,))
    assert await peers.winner(ways(1)[1:]) == TLS
    assert peers.asked == [TCP, TLS]
    assert await Peers().winner(ways(1)[:1]) == UDP


async def test_who_leaves_leaves_nothing_open() -> None:
    async with relay(0) as (_, port):
        peers = Peers(slow=TCP)
        running = asyncio.create_task(peers.winner(ways(port), OTHERS[0]))
        await peers.began.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert peers.discarded == [TCP]
