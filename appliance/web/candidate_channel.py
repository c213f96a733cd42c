"""`GET /attempts/me/channel`: the WebSocket of a candidate's page."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.core.errors import HallvaktError
from appliance.core.ids import ViewId
from appliance.core.snippet import HIGHEST_SEQUENCE
from appliance.services.channels import (
    ChannelMessage,
    HallMessage,
    LiveEnd,
    LiveIceCandidate,
    LiveOffer,
    TakenOver,
)
from appliance.web.application_keys import GATEWAY, LIMITS, Gateway
from appliance.web.bodies import json_bytes
from appliance.web.ice import browser_ice_servers
from appliance.web.outbox import CLOSE_WITHIN_S, Outbox
from appliance.web.routes import Routes

routes = Routes()

_HEARTBEAT_S = 10.0
_LARGEST_MESSAGE = 64 * 1024  # an SDP answer for one track is about 3 KiB
_MOST_PRESSES = 1_000_000  # of the hand: more than fingers can


class LiveAnswerIn(msgspec.Struct, tag_field="kind", tag="live_answer", forbid_unknown_fields=True):
    view: str
    sdp: str


class LiveIceCandidateIn(
    msgspec.Struct, tag_field="kind", tag="live_ice_candidate", forbid_unknown_fields=True
):
    view: str
    candidate: dict[str, Any] | None


class LiveFailedIn(msgspec.Struct, tag_field="kind", tag="live_failed", forbid_unknown_fields=True):
    view: str


class HandIn(msgspec.Struct, tag_field="kind", tag="hand", forbid_unknown_fields=True):
    raised: bool
    press: Annotated[int, msgspec.Meta(ge=1, le=_MOST_PRESSES)] | None = None


class SpoolIn(msgspec.Struct, tag_field="kind", tag="spool", forbid_unknown_fields=True):
    waiting: int


class BeatIn(msgspec.Struct, tag_field="kind", tag="beat", forbid_unknown_fields=True):
    """The page asks for a sign of life: browsers show a page no WebSocket ping."""


_decoder = msgspec.json.Decoder(
    LiveAnswerIn | LiveIceCandidateIn | LiveFailedIn | HandIn | SpoolIn | BeatIn
)
_BEAT = json_bytes({"kind": "beat"})


class PageChannel:
    """Implements `services.channels.Channel` over one WebSocket."""

    def __init__(self, gateway: Gateway, attempt: Attempt, outbox: Outbox, host: str) -> None:
        self.host = host
        self._gateway = gateway
        self._attempt = attempt
        self._outbox = outbox
        self._refreshing = False

    def send(self, message: ChannelMessage) -> None:
        self._outbox.put(json_bytes(_wire(message)))

    def refresh(self) -> None:
        if not self._refreshing:
            self._refreshing = True
            self._outbox.put_later(self._status)

    def close(self) -> None:
        self._outbox.close()

    async def _status(self) -> bytes:
        self._refreshing = False
        status = await self._gateway.candidates.status_now(self._attempt.attempt_id)
        return json_bytes({"kind": "status", **msgspec.to_builtins(status)})


def _wire(message: ChannelMessage) -> dict[str, Any]:
    match message:
        case LiveOffer():
            return {
                "kind": "live_offer",
                "view": message.view,
                "sdp": message.sdp,
                "ice_servers": browser_ice_servers(message.ice_servers),
            }
        case LiveIceCandidate():
            return {
                "kind": "live_ice_candidate",
                "view": message.view,
                "candidate": message.candidate,
            }
        case LiveEnd():
            return {"kind": "live_end", "view": message.view}
        case HallMessage():
            return {"kind": "message", "text": message.text, "at": message.at}
        case TakenOver():
            return {"kind": "taken_over", "at": message.at}


@routes.candidate("GET", "/api/v1/attempts/me/channel")
async def channel(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN_S, heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_MESSAGE
    )
    await socket.prepare(request)
    outbox = Outbox(socket)
    page = PageChannel(gateway, attempt, outbox, request.url.host or "")
    gateway.channels.opened(attempt.exam_id, attempt.attempt_id, page)
    gateway.halls.connected(attempt.attempt_id)
    page.refresh()

    said = request.app[LIMITS].said_by_attempt

    async def take(text: str) -> None:
        # Who says too much is read more slowly, and waits by itself.
        await said.turn(attempt.attempt_id)
        try:
            await _take(gateway, attempt, outbox, text)
        except HallvaktError:
            # The page shows its status, which says what is so; nothing to answer here.
            page.refresh()

    try:
        await outbox.serve(take)
    finally:
        if gateway.channels.closed(attempt.attempt_id, page):
            gateway.halls.disconnected(attempt.attempt_id)
            gateway.live_views.end_attempt(
                attempt.attempt_id, "The candidate's page is gone.", transient=True
            )
    return socket


async def _take(gateway: Gateway, attempt: Attempt, outbox: Outbox, text: str) -> None:
    try:
        message = _decoder.decode(text)
    except msgspec.DecodeError:
        return  # a newer page may say more than this box knows
    match message:
        case LiveAnswerIn():
            gateway.live_views.answer(attempt.attempt_id, ViewId(message.view), message.sdp)
        case LiveIceCandidateIn():
            gateway.live_views.candidate_candidate(
                attempt.attempt_id, ViewId(message.view), message.candidate
            )
        case LiveFailedIn():
            gateway.live_views.failed(attempt.attempt_id, ViewId(message.view))
        case HandIn():
            await gateway.candidates.raise_hand(attempt, raised=message.raised, press=message.press)
        case SpoolIn():
            waiting = max(0, min(message.waiting, HIGHEST_SEQUENCE))
            gateway.halls.update(attempt.attempt_id, spool=waiting)
        case BeatIn():
            outbox.put(_BEAT)
