"""One live view: a receive-only WebRTC peer that talks to the candidate through the relay alone.

Nothing is stored. aiortc does not tell when a relay dies (the peer stays `connected` for most of
a minute), so the age of the newest frame is the watchdog.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp

from appliance.core.errors import Conflict, Unreachable, WrongState
from appliance.core.ids import AttemptId, ExamId
from tui.client import BoxClient
from tui.half_blocks import Pixels
from tui.language import text, tr
from tui.live_frames import FrameMeter
from tui.relay_race import RelayRace
from tui.relay_way import address_of, relay_ways, trust_box
from tui.told import told

_OFFERED_WITHIN_S = 8.0
_GATHER_WITHIN_S = 8.0  # aiortc itself gives up after five
_FIRST_PICTURE_WITHIN_S = 12.0
_PEER_CLOSE_WITHIN_S = 3.0  # with a dead relay aiortc's own close takes over 20 s
_WATCH_EVERY_S = 0.25
_RETURN_WITHIN_S = 30.0  # a candidate's computer that changes networks is back by then
_TRY_AGAIN_S = 1.0
_WORD_WITHIN_S = 1.0
_LOST = text("No picture for 5 seconds: the relay or the candidate's link is lost.")


class Phase(StrEnum):
    CONNECTING = "connecting"
    WAITING = "waiting"
    SHOWING = "showing"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class _End:
    """`transient`: the way broke and nobody decided it, so the view is opened again."""

    why: str
    transient: bool = False


class LiveView:
    """`run` opens the view and answers, when it is over, why; cancelling it ends the view.
    `seen` is called with each decoded frame: what measures, looks there. By `frame_clock`, in
    seconds, a picture grows old."""

    def __init__(
        self,
        client: BoxClient,
        exam: ExamId,
        attempt: AttemptId,
        *,
        seen: Callable[[Any], None] = lambda frame: None,
        ways: Callable[..., list[RTCIceServer]] = relay_ways,
        frame_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._exam = exam
        self._attempt = attempt
        self._meter = FrameMeter(frame_clock)
        self._seen = seen
        self._ways = ways
        self._opened_with = 0  # frames there were when the peer of now was opened
        self._peer: RTCPeerConnection | None = None
        self.phase = Phase.CONNECTING

    # what the screen reads

    @property
    def frames(self) -> int:
        return self._meter.frames

    @property
    def frames_per_second(self) -> float:
        return self._meter.frames_per_second

    @property
    def age_s(self) -> float:
        return self._meter.age_s

    @property
    def running_s(self) -> float:
        return self._meter.running_s

    @property
    def is_stalled(self) -> bool:
        return self._meter.is_stalled

    def take_picture(self, columns: int, lines: int) -> Pixels | None:
        """The newest frame scaled into the cells, unless it was taken before."""
        return self._meter.take(columns, lines)

    # life

    async def run(self) -> str:
        """Opened again by itself, for half a minute, when the way to the candidate breaks.

        Raises what the box says, or Unreachable, when it cannot begin.
        """
        lost_at: float | None = None
        try:
            while True:
                frames = self.frames
                end = await self._once_more(shown=frames > 0)
                if self.frames > frames:
                    lost_at = None
                lost_at = time.monotonic() if lost_at is None else lost_at
                over = time.monotonic() - lost_at > _RETURN_WITHIN_S
                if not end.transient or not self.frames or over:
                    return end.why
                self.phase = Phase.CONNECTING
                await asyncio.sleep(_TRY_AGAIN_S)
        finally:
            self.phase = Phase.ENDED
            self._meter.drop()

    async def _once_more(self, *, shown: bool) -> _End:
        """A view that showed something and is refused now is one that broke."""
        try:
            return await self._once()
        except (WrongState, Conflict, Unreachable) as error:
            if not shown:
                raise
            return _End(error.message, transient=True)

    async def _once(self) -> _End:
        over: asyncio.Future[_End] = asyncio.get_running_loop().create_future()
        tasks: list[asyncio.Task[None]] = []
        self._opened_with = self.frames
        try:
            async with self._client.live(self._exam, self._attempt) as socket:
                peer = await self._open_peer(socket, over, tasks)
                self.phase = Phase.WAITING
                tasks.append(_beside(self._signal(socket, peer, over), over))
                tasks.append(_beside(self._watchdog(over), over))
                return await over
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(tr("The live view could not be opened; try again.")) from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close_peer()

    async def _open_peer(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        over: asyncio.Future[_End],
        tasks: list[asyncio.Task[None]],
    ) -> RTCPeerConnection:
        async with asyncio.timeout(_OFFERED_WITHIN_S):
            offered = await _relay_offered(socket)
        trust = await asyncio.to_thread(self._client.target.trust)
        worked = self._client.relay_way
        ways = self._ways(offered, worked=worked, tls=trust is not None)
        race = RelayRace(lambda way: self._gathered(way, trust, over, tasks), _close)
        opened = await race.run(ways, worked)
        if opened is None:
            raise Unreachable(tr("The relay did not answer; tell the technician."))
        way, self._peer = opened
        self._client.relay_way = address_of(way)
        sdp = self._peer.localDescription.sdp
        await socket.send_str(json.dumps({"kind": "offer", "sdp": sdp}))
        return self._peer

    async def _gathered(
        self,
        way: RTCIceServer,
        trust: ssl.SSLContext | None,
        over: asyncio.Future[_End],
        tasks: list[asyncio.Task[None]],
    ) -> RTCPeerConnection | None:
        """A peer that has an address at the relay; None where it got none this way: what is
        blocked or refused shows only as this silence."""
        peer = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[way],  # never None: the default is a public STUN server
                iceTransportPolicy=RTCIceTransportPolicy.RELAY,
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            )
        )
        peer.addTransceiver("video", direction="recvonly")
        trust_box(peer, way, trust)

        @peer.on("track")
        def on_track(track: Any) -> None:
            tasks.append(_beside(self._receive(track, over), over))

        @peer.on("connectionstatechange")
        def on_state() -> None:
            if peer.connectionState == "failed":
                _end(over, text("The connection through the relay failed."))

        relayed = False
        try:
            async with asyncio.timeout(_GATHER_WITHIN_S):
                await peer.setLocalDescription(await peer.createOffer())
            relayed = "typ relay" in peer.localDescription.sdp
        finally:
            if not relayed:
                await _close(peer)
        return peer if relayed else None

    async def _signal(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        peer: RTCPeerConnection,
        over: asyncio.Future[_End],
    ) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                break
            message = json.loads(frame.data)
            match message.get("kind"):
                case "answer":
                    await peer.setRemoteDescription(
                        RTCSessionDescription(sdp=message["sdp"], type="answer")
                    )
                case "ice_candidate":
                    await _add_candidate(peer, message.get("candidate"))
                case "ended":
                    why = told(message.get("reason") or text("The box ended the view."))
                    _end(over, why, transient=bool(message.get("transient")))
                    return
        _end(over, text("The link to the box was lost."))

    async def _receive(self, track: Any, over: asyncio.Future[_End]) -> None:
        try:
            while True:
                frame = await track.recv()
                self._meter.add(frame)
                self.phase = Phase.SHOWING
                self._seen(frame)
        except MediaStreamError:
            # A page that was told to end closes its peer: the box's own word is on its way too.
            await asyncio.sleep(_WORD_WITHIN_S)
            _end(over, text("The candidate's page stopped sending."))

    async def _watchdog(self, over: asyncio.Future[_End]) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            if self.frames > self._opened_with and self._meter.is_lost:
                _end(over, _LOST)
            elif (
                self.frames == self._opened_with
                and time.monotonic() - began > _FIRST_PICTURE_WITHIN_S
            ):
                _end(over, text("The candidate's computer did not answer."))

    async def _close_peer(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            await _close(peer)


async def _close(peer: RTCPeerConnection) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(peer.close(), _PEER_CLOSE_WITHIN_S)


def open_live_view(client: BoxClient, exam: ExamId, attempt: AttemptId) -> LiveView:
    """A view that `run` opens. Screens get this injected, so that tests can show what they like."""
    return LiveView(client, exam, attempt)


async def _relay_offered(
    socket: aiohttp.ClientWebSocketResponse,
) -> list[Mapping[str, Any]]:
    """Wait for the box's ICE servers."""
    async for frame in socket:
        if frame.type is not aiohttp.WSMsgType.TEXT:
            break
        message = json.loads(frame.data)
        if message.get("kind") == "ended":
            reason = told(message.get("reason") or "")
            raise WrongState(reason or tr("The live view is not possible now."))
        if message.get("kind") == "ice_servers":
            return list(message.get("ice_servers") or [])
    raise Unreachable(tr("The box closed the live view before it began; try again."))


async def _add_candidate(peer: RTCPeerConnection, init: Mapping[str, Any] | None) -> None:
    text = (init or {}).get("candidate") or ""
    if init is None or not text:
        await peer.addIceCandidate(None)
        return
    candidate = candidate_from_sdp(text.removeprefix("candidate:"))
    candidate.sdpMid = init.get("sdpMid")
    candidate.sdpMLineIndex = init.get("sdpMLineIndex")
    await peer.addIceCandidate(candidate)


def _beside(work: Coroutine[Any, Any, None], over: asyncio.Future[_End]) -> asyncio.Task[None]:
    """A part of the view in a task of its own. What falls there ends the view and is told: a
    picture that stands still without a word would be taken for a calm candidate."""

    def done(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            why = tr(
                "The console could not go on with this view ({error}). If it comes back, tell the "
                "technician.",
                error=type(error).__name__,
            )
            _end(over, why, transient=False)

    task = asyncio.create_task(work)
    task.add_done_callback(done)
    return task


def _end(over: asyncio.Future[_End], why: str, *, transient: bool = True) -> None:
    if not over.done():
        over.set_result(_End(why, transient))
