"""The console's end of a live view for rehearsals: counts frames instead of drawing them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from appliance.rehearsal.live_sender import add_ice_candidate, close_peer, relay_only


@dataclass(slots=True)
class LiveViewTally:
    """`relayed`: frames came, and both ends had addresses of the relay and no others. Times from
    the request to look."""

    relayed: bool = False
    first_frame_ms: int | None = None
    frames: int = 0
    last_frame_at: float | None = None  # time.monotonic()
    ended_reason: str | None = None
    ended_at: float | None = None  # time.monotonic()


class LiveViewer:
    """Open one live view over `socket_url` (wss://.../live) and count until it ends."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http, self._url, self._token = http, url, token
        self._stop = asyncio.Event()
        self.tally = LiveViewTally()

    def stop(self) -> None:
        """End the view from this side; `watch` returns soon after."""
        self._stop.set()

    async def watch(self) -> None:
        """Return when the view has ended, whoever ended it."""
        began = time.monotonic()
        peer: RTCPeerConnection | None = None
        counting: asyncio.Task[None] | None = None
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._http.ws_connect(self._url, headers=headers) as signalling:
            stopping = asyncio.create_task(self._close_when_stopped(signalling))
            async for message in signalling:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                data: dict[str, Any] = message.json()
                match data["kind"]:
                    case "ice_servers":
                        peer = RTCPeerConnection(relay_only(data["ice_servers"]))
                        peer.addTransceiver("video", direction="recvonly")
                        counting = self._count_when_track_comes(peer, began)
                        await peer.setLocalDescription(await peer.createOffer())
                        await signalling.send_json(
                            {"kind": "offer", "sdp": str(peer.localDescription.sdp)}
                        )
                    case "answer" if peer:
                        answer = data["sdp"]
                        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
                    case "ice_candidate" if peer:
                        await add_ice_candidate(peer, data["candidate"])
                    case "ended":
                        self.tally.ended_reason = data["reason"]
                        break
            stopping.cancel()
        self.tally.ended_at = time.monotonic()
        if counting:
            counting.cancel()
        if peer:
            await close_peer(peer)

    async def _close_when_stopped(self, signalling: aiohttp.ClientWebSocketResponse) -> None:
        await self._stop.wait()
        await signalling.close()

    def _count_when_track_comes(self, peer: RTCPeerConnection, began: float) -> asyncio.Task[None]:
        arrived: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        @peer.on("track")
        def _(track: Any) -> None:
            if not arrived.done():
                arrived.set_result(track)

        async def count() -> None:
            track = await arrived
            try:
                while True:
                    await track.recv()
                    self.tally.last_frame_at = time.monotonic()
                    if self.tally.first_frame_ms is None:
                        self.tally.first_frame_ms = round(1000 * (time.monotonic() - began))
                        self.tally.relayed = _only_relay_addresses(peer)
                    self.tally.frames += 1
            except MediaStreamError:
                return

        return asyncio.create_task(count())


def _only_relay_addresses(peer: RTCPeerConnection) -> bool:
    ice = peer.getTransceivers()[0].receiver.transport.transport
    ice_candidates = [*ice.iceGatherer.getLocalCandidates(), *ice.getRemoteCandidates()]
    return bool(ice_candidates) and all(c.type == "relay" for c in ice_candidates)
