"""A page whose UDP answers last: it is still the way that is taken, and what lost is given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aioice import stun

from appliance.adapters.relay.configuration import ALLOCATIONS_PER_VIEW, RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from appliance.core.ports import IceServer
from appliance.rehearsal.browser import open_browser, shown
from tests.e2e.exam_room import ExamRoom
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random
from tests.support.turn_client import allocation

EXAM, VIEW = ExamId("e" * 32), ViewId("5" * 32)

# Peers of the browser's own, beats of the test's: TCP is asked and has answered before UDP may.
ASK = """
async (iceServers) => {
  const { relayWays, Ways } = await import("/static/live_ways.js");
  window.relayed = [];
  window.refused = [];
  window.ways = new Ways(relayWays(iceServers), 0, (servers, answered) => {
    const peer = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: "relay" });
    const way = servers[0].urls[0].split("=")[1];
    peer.createDataChannel("");
    peer.onicecandidateerror = ({ errorCode }) => refused.push(`${way} ${errorCode}`);
    peer.onicecandidate = ({ candidate }) => {
      if (candidate) relayed.push(way);
      answered(Boolean(candidate));
    };
    peer.setLocalDescription();
    return peer;
  });
  ways.beat();
}
"""
CHOSEN = "async () => ({ number: (await ways.chosen)?.number ?? null, relayed, refused })"


class Held(asyncio.DatagramProtocol):
    """Hands datagrams on to the relay and back; until `release` it keeps them."""

    def __init__(self, relay: tuple[str, int]) -> None:
        self._relay = relay
        self._waiting: list[bytes] | None = []
        self._asker: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr == self._relay:
            self.transport.sendto(data, self._asker)
            return
        if addr[0] != self._relay[0]:
            return  # a browser asks from each of the machine's networks; here one counts
        self._asker = addr
        if self._waiting is None:
            self.transport.sendto(data, self._relay)
        else:
            self._waiting.append(data)

    @property
    def asked(self) -> bool:
        return self._asker is not None

    def release(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for data in waiting:
            self.transport.sendto(data, self._relay)


@asynccontextmanager
async def holding(server: IceServer) -> AsyncIterator[tuple[Held, IceServer]]:
    """In front of `server`'s UDP; and the server as it is to be asked instead."""
    udp, tcp = server.urls
    port = int(udp.split("?")[0].rsplit(":", 1)[1])
    loop = asyncio.get_running_loop()
    transport, held = await loop.create_datagram_endpoint(
        lambda: Held(("127.0.0.1", port)), local_addr=("127.0.0.1", 0)
    )
    try:
        here = transport.get_extra_info("sockname")[1]
        yield held, replace(server, urls=(udp.replace(str(port), str(here)), tcp))
    finally:
        transport.close()


async def test_udp_that_answers_last_is_taken_and_what_lost_is_given_back(
    room: ExamRoom, tmp_path: Path
) -> None:
    plan = RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=0)
    relay = Coturn(plan, run=tmp_path, clock=Now(), randomness=Random())
    await relay.start(EXAM)
    try:
        async with AsyncExitStack() as held:
            browser = await held.enter_async_context(
                open_browser(
                    room.authority,
                    camera=False,
                    more_flags=["--allow-loopback-in-peer-connection"],
                )
            )
            page = await browser.new_page()
            await page.goto(room.origin)
            await shown(page, "join")
            server = relay.credential(EXAM, VIEW, host="127.0.0.1")
            # The console's two of the same view: the one it takes, and one it just gave up.
            for _ in range(2):
                await held.enter_async_context(allocation(server))
            udp, slow = await held.enter_async_context(holding(server))
            offered = {
                "urls": list(slow.urls), "username": slow.username, "credential": slow.credential,
            }  # fmt: skip
            await page.evaluate(ASK, [offered])
            await page.wait_for_function("() => relayed.includes('tcp')")
            assert udp.asked
            udp.release()
            found = await page.evaluate(CHOSEN)
            assert (found["number"], found["relayed"][0]) == (0, "tcp")
            assert "udp" in found["relayed"]
            assert not any("486" in one for one in found["refused"])

            # Of all this view may have, three are in use: TCP's is given back at once.
            for _ in range(ALLOCATIONS_PER_VIEW - 3):
                await held.enter_async_context(allocation_when_there_is_one(server))
            with pytest.raises(stun.TransactionFailed):
                await held.enter_async_context(allocation(server))
            await page.evaluate("async () => (await ways.chosen).peer.close()")
            await held.enter_async_context(allocation_when_there_is_one(server))
    finally:
        await relay.stop_all()


@asynccontextmanager
async def allocation_when_there_is_one(server: IceServer) -> AsyncIterator[None]:
    """What was given up reaches the relay a moment later."""
    async with AsyncExitStack() as held:
        async with asyncio.timeout(60):
            while True:
                try:
                    await held.enter_async_context(allocation(server))
                    break
                except stun.TransactionFailed:
                    await asyncio.sleep(0.05)
        yield
