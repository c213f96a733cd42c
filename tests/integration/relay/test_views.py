"""Video from one relay-only WebRTC peer to another through coturn, and its end at stop."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import numpy as np
import pytest
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from av import VideoFrame
from av.frame import Frame

from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from tests.integration.relay.conftest import RELAY_ADDRESS
from tests.support.stopwatch import Stopwatch

_GREEN = (20, 200, 60)


class _Green(VideoStreamTrack):
    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        picture = np.full((120, 160, 3), _GREEN, np.uint8)
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


def _peer(relay: Coturn, exam: ExamId, view: str) -> RTCPeerConnection:
    server = relay.credential(exam, ViewId(view * 32), host="127.0.0.1")
    return RTCPeerConnection(
        RTCConfiguration(
            iceServers=[RTCIceServer(server.urls[0], server.username, server.credential)],
            iceTransportPolicy=RTCIceTransportPolicy.RELAY,
        )
    )


def _addresses(description: RTCSessionDescription) -> set[tuple[str, str]]:
    """(address, candidate type) of every ice candidate in the SDP."""
    lines = [line.split() for line in description.sdp.splitlines() if "a=candidate:" in line]
    return {(words[4], words[7]) for words in lines}


@pytest.mark.e2e
async def test_a_view_goes_through_the_relay_and_ends_with_it(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    await relay.start(exam)
    console, page = _peer(relay, exam, "c"), _peer(relay, exam, "d")
    frames: asyncio.Queue[Frame] = asyncio.Queue()
    pumps: list[asyncio.Task[None]] = []

    @console.on("track")
    def _(track: VideoStreamTrack) -> None:
        async def pump() -> None:
            while True:
                frames.put_nowait(await track.recv())

        pumps.append(asyncio.create_task(pump()))

    try:
        console.addTransceiver("video", direction="recvonly")
        await console.setLocalDescription(await console.createOffer())
        page.addTrack(_Green())
        await page.setRemoteDescription(console.localDescription)
        await page.setLocalDescription(await page.createAnswer())
        await console.setRemoteDescription(page.localDescription)
        for end in (console, page):
            assert _addresses(end.localDescription) == {(RELAY_ADDRESS, "relay")}

        frame = await asyncio.wait_for(frames.get(), 60)
        assert isinstance(frame, VideoFrame)
        middle = frame.to_ndarray(format="rgb24")[60, 80]
        assert np.abs(middle.astype(int) - _GREEN).max() < 30

        with Stopwatch() as watch:
            await relay.stop(exam)
            assert watch.seconds < 2
            while not frames.empty():
                frames.get_nowait()
            with contextlib.suppress(TimeoutError):
                while True:  # what was received already may still drip out, for less than 2 s
                    await asyncio.wait_for(frames.get(), 1)
                    assert watch.seconds < 2
    finally:
        for task in pumps:
            task.cancel()
        # With its relay gone a peer may wait for it for minutes.
        for end in (console, page):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.close(), 3)
