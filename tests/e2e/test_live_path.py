"""The way of a live picture: through the relay at both ends and no other way, past the gateway,
onto no disk; over TLS where UDP is blocked; and back again when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aioice.turn import TurnClientUdpProtocol
from aiortc import RTCIceServer

from appliance.core.ids import AttemptId, ExamId
from appliance.rehearsal.browser import shown, walk_to_the_room
from appliance.rehearsal.free_ports import free_port
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.served_box import LEAD, ServedBox
from tests.support import traffic
from tests.support.browser import WatchedPage
from tests.support.candidate_network import BOX_ADDRESS, CandidateNetwork
from tui.client import BoxClient
from tui.live import LiveView
from tui.relay_way import address_of, relay_ways
from tui.target import Target

WATCHED_S = 1.0
LEAST_MEDIA_BYTES = 120_000  # looked for every WATCHED_S; with less the comparison says nothing
MOST_SIGNALLING_BYTES = 40_000  # feeds, status and heartbeats of the gateway
MOST_ON_DISK_BYTES = 60_000  # the line of the audit log in SQLite's journal

# Runs before the page's modules: keeps the peers.
KEEP_PEERS = """
window.peers = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(configuration) {
    super(configuration);
    window.peers.push(this);
  }
};
"""

# A camera whose pictures cannot be made small: what it sends is not to be overlooked.
NOISE = """
{
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const context = canvas.getContext("2d");
  setInterval(() => {
    for (let i = 0; i < 400; i += 1) {
      context.fillStyle = `hsl(${Math.random() * 360} 60% ${Math.random() * 100}%)`;
      context.fillRect((i % 20) * 16, Math.floor(i / 20) * 12, 16, 12);
    }
  }, 60);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
}
"""

# The peer whose answer went out: where ways are tried side by side there were others.
IN_USE = "window.peers.findLast((peer) => peer.connectionState === 'connected')"

# Of the peer in use: every pair that carried anything, and the one in use.
PAIRS = """
async () => {
  const peer = IN_USE;
  const stats = await peer.getStats();
  const pairs = [];
  let inUse = null;
  let transport = null;
  for (const report of stats.values()) {
    if (report.type === "transport") {
      inUse = report.selectedCandidatePairId;
      transport = { dtls: report.dtlsState, srtp: report.srtpCipher };
    }
    if (report.type !== "candidate-pair") continue;
    if (report.bytesSent + report.bytesReceived === 0) continue;
    const local = stats.get(report.localCandidateId);
    const remote = stats.get(report.remoteCandidateId);
    pairs.push({
      id: report.id, sent: report.bytesSent, local: local.candidateType,
      remote: remote.candidateType, protocol: local.relayProtocol,
    });
  }
  return { pairs, inUse, transport };
}
""".replace("IN_USE", IN_USE)


# Runs before the page's modules: to the page, something came in since it asked last.
NEVER_SILENT = """
{
  let heard = 0;
  const ask = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function () {
    const stats = new Map(await ask.call(this));
    heard += 1;
    const pair = { type: "candidate-pair", bytesReceived: heard, responsesReceived: 0 };
    return stats.set("never silent", pair);
  };
}
"""
# Each end promises 7 s at most; without a watchdog of their own aiortc and Chromium take over 25.
NOTICED_WITHIN_S = 20


class KeptLines(BoxClient):
    """Remembers the sockets that live views were signalled over, so that a test can break one."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.lines: list[aiohttp.ClientWebSocketResponse] = []

    @contextlib.asynccontextmanager
    async def live(
        self, exam: ExamId, attempt: AttemptId
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with super().live(exam, attempt) as line:
            self.lines.append(line)
            yield line


@dataclass(slots=True)
class Look:
    client: KeptLines
    view: LiveView
    running: asyncio.Task[str]

    async def until_frames(self, count: int, within_s: float = 60) -> None:
        async with asyncio.timeout(within_s):
            while self.view.frames < count:
                assert not self.running.done(), self.running.result()
                await asyncio.sleep(0.05)

    async def break_line(self) -> None:
        """Break the console's own line to the box, and wait until there is another."""
        lines = self.client.lines
        lines[-1].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        count = len(lines)
        async with asyncio.timeout(60):
            while len(lines) == count:
                assert not self.running.done(), self.running.result()
                await asyncio.sleep(0.05)

    def pair(self) -> Any:
        """aiortc tells no statistics of its ice candidate pairs: they are read inside it."""
        [transceiver] = self.view._peer.getTransceivers()  # type: ignore[union-attr]
        return transceiver.receiver.transport.transport._connection._nominated[1]

    def to_the_relay(self) -> Any:
        """aioice's connection to the relay itself, over which the pair in use goes."""
        return self.pair().protocol.transport._TurnTransport__inner_protocol


@contextlib.asynccontextmanager
async def looking(
    room: ExamRoom,
    box: ServedBox,
    ways: Callable[..., list[RTCIceServer]] = relay_ways,
    frame_clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Look]:
    """The console's own peer on seat A1."""
    target = await asyncio.to_thread(lambda: Target(url=box.origin, ca=box.authority))
    client = KeptLines(target)
    async with client:
        await client.login(LEAD, box.passphrase)
        seat = room.seat("A1").attempt_id
        view = LiveView(client, room.exam, seat, ways=ways, frame_clock=frame_clock)
        look = Look(client, view, asyncio.create_task(view.run()))
        try:
            yield look
        finally:
            look.running.cancel()
            await asyncio.gather(look.running, return_exceptions=True)


async def seated(
    room: ExamRoom,
    open_page: OpenPage,
    *,
    network: CandidateNetwork | None = None,
    scripts: Sequence[str] = (),
) -> WatchedPage:
    await room.open(settings(face_photo=False, video_snippets=False, audio_presence=False))
    watched = await open_page(network=network)
    for script in (*scripts, KEEP_PEERS, NOISE):
        await watched.page.add_init_script(script)
    url = room.urls["A1"]
    await watched.page.goto(url.replace("127.0.0.1", BOX_ADDRESS) if network else url)
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    return watched


async def test_media_goes_through_the_relay_only_and_onto_no_disk(
    room: ExamRoom, open_page: OpenPage, box: ServedBox
) -> None:
    watched = await seated(room, open_page)
    [gateway] = traffic.processes("appliance.processes.gateway", str(box.state))
    ours = [*traffic.processes(str(box.state)), *traffic.children(gateway, "turnserver")]
    ours.append(os.getpid())  # the console's peer is in this process
    async with looking(room, box) as look:
        await look.until_frames(10)
        before = (await watched.page.evaluate(PAIRS))["pairs"]
        moved = await asyncio.to_thread(traffic.tcp_bytes, gateway)
        size = await asyncio.to_thread(traffic.size_of, box.state)
        disk = {one: traffic.written(one) for one in ours}
        media = 0
        while media <= LEAST_MEDIA_BYTES:
            await asyncio.sleep(WATCHED_S)
            found = await watched.page.evaluate(PAIRS)
            media = sum(p["sent"] for p in found["pairs"]) - sum(p["sent"] for p in before)

        # The pair in use, and every other that ever carried a byte, at both ends.
        assert found["inUse"] in {pair["id"] for pair in found["pairs"]}
        assert {(pair["local"], pair["remote"]) for pair in found["pairs"]} == {("relay", "relay")}
        pair = look.pair()
        assert (pair.local_candidate.type, pair.remote_candidate.type) == ("relay", "relay")
        # Nothing blocks UDP here, so nothing else carries it.
        assert {pair["protocol"] for pair in found["pairs"]} == {"udp"}
        assert isinstance(look.to_the_relay(), TurnClientUdpProtocol)

        # Encrypted from end to end, past a relay that has no key.
        assert found["transport"]["dtls"] == "connected"
        assert "AES" in found["transport"]["srtp"]

        # The gateway moved a fraction of it, and has no socket that media could come in by.
        moved = await asyncio.to_thread(traffic.tcp_bytes, gateway) - moved
        assert moved < MOST_SIGNALLING_BYTES < media
        assert await asyncio.to_thread(traffic.udp_sockets, gateway) == 0

        # Nothing of it was written, neither below the box's directory nor anywhere by the box.
        grown = await asyncio.to_thread(traffic.size_of, box.state) - size
        assert grown < MOST_ON_DISK_BYTES < media
        assert sum(traffic.written(one) - disk[one] for one in ours) < MOST_ON_DISK_BYTES
        spool = await watched.database()
        assert (spool["snippets"], spool["drafts"]) == ([], [])

        # The console's own line to the box breaks in mid-view: another view, by itself.
        await look.break_line()
        await look.until_frames(look.view.frames + 20)

        # Another network, or a reload: the page comes back, and so does the picture, by itself.
        frames = look.view.frames
        await watched.page.reload()
        await shown(watched.page, "room", "devices")
        await look.until_frames(frames + 20)
    await watched.until_strip("watchers", "0")


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
async def test_a_firewall_that_closes_one_way_after_the_other(
    room: ExamRoom, open_page: OpenPage, box: ServedBox
) -> None:
    """No UDP from the first moment on; then nothing but TLS, in mid-view; then another address."""
    with CandidateNetwork(await asyncio.to_thread(box.doors)) as network:
        network.block("meta l4proto udp drop")
        watched = await seated(room, open_page, network=network)
        async with looking(room, box) as look:
            await look.until_frames(20)
            # Both are open: whichever answers first on a busy machine carries it.
            assert await ways(watched) <= {"tcp", "tls"}

            relay_port = await plain_port(watched)
            network.block(
                f"meta l4proto udp drop; tcp dport {relay_port} drop; tcp sport {relay_port} drop"
            )
            await look.until_frames(look.view.frames + 20)
            assert await ways(watched) == {"tls"}

            network.move()
            await look.until_frames(look.view.frames + 20)
            assert await ways(watched) == {"tls"}


async def ways(watched: WatchedPage) -> set[str]:
    """How the page reaches the relay, for each pair of its newest peer that carries anything."""
    pairs = (await watched.page.evaluate(PAIRS))["pairs"]
    assert {(pair["local"], pair["remote"]) for pair in pairs} == {("relay", "relay")}
    return {pair["protocol"] for pair in pairs}


async def plain_port(watched: WatchedPage) -> int:
    """The relay's port without TLS, as the page was told it."""
    asked = await watched.page.evaluate(
        "window.peers.flatMap((peer) => peer.getConfiguration().iceServers)"
    )
    urls = [url for server in asked for url in server["urls"]]
    [port] = {url.split("?")[0].rsplit(":", 1)[1] for url in urls if url.startswith("turn:")}
    return int(port)


@pytest.mark.parametrize(
    ("scripts", "frame_clock"),
    [
        pytest.param((), lambda: 0.0, id="by the page"),  # no picture grows old on the console
        pytest.param((NEVER_SILENT,), time.monotonic, id="by the console"),
    ],
)
async def test_a_relay_that_hangs_is_noticed_by_each_end_alone(
    room: ExamRoom,
    open_page: OpenPage,
    box: ServedBox,
    scripts: Sequence[str],
    frame_clock: Callable[[], float],
) -> None:
    """Stopped and not killed: the connections stay, nothing comes, and no peer would tell. Who
    notices ends the view for both, so the other end's watchdog is put to sleep."""
    watched = await seated(room, open_page, scripts=scripts)
    [gateway] = traffic.processes("appliance.processes.gateway", str(box.state))
    [relay] = traffic.children(gateway, "turnserver")
    async with looking(room, box, frame_clock=frame_clock) as look:
        await look.until_frames(10)
        os.kill(relay, signal.SIGSTOP)
        try:
            await watched.page.wait_for_function(
                "peer => peer.connectionState === 'closed'",
                arg=await watched.page.evaluate_handle(IN_USE),
                timeout=1000 * NOTICED_WITHIN_S,
            )
            await watched.until_strip("watchers", "0")
        finally:
            os.kill(relay, signal.SIGCONT)
        await look.until_frames(look.view.frames + 10)


async def test_a_console_that_can_only_reach_the_relay_over_tls(
    room: ExamRoom, open_page: OpenPage, box: ServedBox
) -> None:
    """As behind a firewall that refuses the plain port: the next way is tried, and the relay is
    believed because the console knows the box's authority."""

    def blocked(offered: list[dict[str, Any]], **how: Any) -> list[RTCIceServer]:
        udp, plain, tls = relay_ways(offered, **how)
        assert address_of(tls).startswith("turns:")
        udp.urls = [f"turn:127.0.0.1:{free_port()}?transport=udp"]  # nobody listens there
        plain.urls = [f"turn:127.0.0.1:{free_port()}?transport=tcp"]
        return [udp, plain, tls]

    await seated(room, open_page)
    async with looking(room, box, ways=blocked) as look:
        await look.until_frames(10)
        inner = look.to_the_relay()
        assert inner.transport.get_extra_info("ssl_object").version() in {"TLSv1.2", "TLSv1.3"}
        assert look.pair().local_candidate.type == "relay"
