"""The candidate's end of a live view, in aiortc: video only, through the relay only."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

import av
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamTrack
from aiortc.sdp import candidate_from_sdp

_FRAMES_PER_SECOND = 10
_CLOSE_S = 3.0  # a dead relay lets close() hang; nobody waits for it


class Camera(Protocol):
    def picture(self, at_s: float) -> Any: ...


class _CameraTrack(MediaStreamTrack):
    """Ten pictures a second and never more: a machine that is behind leaves pictures out instead
    of making up for them (as aiortc's own track does), or it would never get ahead again."""

    kind = "video"

    def __init__(self, camera: Camera, began: float) -> None:
        super().__init__()
        self._camera = camera
        self._began = began
        self._next = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(max(0.0, self._next - time.monotonic()))
        now = time.monotonic()
        self._next = now + 1 / _FRAMES_PER_SECOND
        at_s = now - self._began
        frame = av.VideoFrame.from_ndarray(self._camera.picture(at_s), format="rgb24")
        frame.pts, frame.time_base = round(at_s * VIDEO_CLOCK_RATE), VIDEO_TIME_BASE
        return frame


def relay_only(ice_servers: list[dict[str, Any]]) -> RTCConfiguration:
    """Never without servers: aiortc's default is a public STUN server."""
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(
                urls=server["urls"],
                username=server["username"],
                credential=server["credential"],
            )
            for server in ice_servers
        ],
        iceTransportPolicy=RTCIceTransportPolicy.RELAY,
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
    )


async def add_ice_candidate(peer: RTCPeerConnection, init: dict[str, Any] | None) -> None:
    """Add an RTCIceCandidateInit as browsers send it; None means there are no more."""
    if not init or not init.get("candidate"):
        await peer.addIceCandidate(None)
        return
    ice_candidate = candidate_from_sdp(init["candidate"].removeprefix("candidate:"))
    ice_candidate.sdpMid = init.get("sdpMid")
    ice_candidate.sdpMLineIndex = init.get("sdpMLineIndex")
    await peer.addIceCandidate(ice_candidate)


async def close_peer(peer: RTCPeerConnection) -> None:
    closing = asyncio.ensure_future(peer.close())
    await asyncio.wait({closing}, timeout=_CLOSE_S)
    closing.cancel()


class LiveSender:
    def __init__(self, camera: Camera, began: float) -> None:
        self._track = _CameraTrack(camera, began)
        self._peer: RTCPeerConnection | None = None

    async def answer(self, offer_sdp: str, ice_servers: list[dict[str, Any]]) -> str:
        """Return the answer's SDP, complete with the relay's address (no trickle)."""
        self._peer = RTCPeerConnection(relay_only(ice_servers))
        await self._peer.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
        self._peer.addTrack(self._track)
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        return str(self._peer.localDescription.sdp)

    async def add_ice_candidate(self, init: dict[str, Any] | None) -> None:
        if self._peer is not None:
            await add_ice_candidate(self._peer, init)

    async def close(self) -> None:
        if self._peer is not None:
            self._track.stop()
            await close_peer(self._peer)
