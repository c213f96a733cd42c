"""`GET .../attempts/{attempt}/live`: one live view is one WebSocket of a console."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from appliance.core.errors import HallvaktError
from appliance.core.roles import Action
from appliance.services.live_view import (
    Answer,
    Ended,
    IceCandidate,
    IceServers,
    LiveView,
    ViewMessage,
)
from appliance.web.application_keys import Gateway
from appliance.web.bodies import json_bytes
from appliance.web.ice import browser_ice_servers
from appliance.web.outbox import CLOSE_WITHIN_S, Outbox
from appliance.web.routes import Asked, Routes

routes = Routes()

_HEARTBEAT_S = 10.0
_LARGEST_MESSAGE = 64 * 1024


class OfferIn(msgspec.Struct, tag_field="kind", tag="offer", forbid_unknown_fields=True):
    sdp: str


class IceCandidateIn(
    msgspec.Struct, tag_field="kind", tag="ice_candidate", forbid_unknown_fields=True
):
    candidate: dict[str, Any] | None


_decoder = msgspec.json.Decoder(OfferIn | IceCandidateIn)


class ConsoleSocket:
    """Implements `services.live_view.ConsoleEnd` over one WebSocket."""

    def __init__(self, outbox: Outbox, host: str) -> None:
        self.host = host
        self._outbox = outbox

    def send(self, message: ViewMessage) -> None:
        self._outbox.put(json_bytes(_wire(message)))

    def close(self) -> None:
        self._outbox.close()


def _wire(message: ViewMessage) -> dict[str, Any]:
    match message:
        case IceServers():
            return {
                "kind": "ice_servers",
                "view": message.view,
                "ice_servers": browser_ice_servers(message.ice_servers),
            }
        case Answer():
            return {"kind": "answer", "sdp": message.sdp}
        case IceCandidate():
            return {"kind": "ice_candidate", "candidate": message.candidate}
        case Ended():
            return {"kind": "ended", "reason": message.reason, "transient": message.transient}


@routes.console("GET", "/api/v1/exams/{exam}/attempts/{attempt}/live", Action.LIVE_VIEW_OPEN)
async def live(request: web.Request, asked: Asked) -> web.StreamResponse:
    gateway = asked.gateway
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN_S, heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_MESSAGE
    )
    outbox = Outbox(socket)
    # Before the upgrade, so that a refusal is an ordinary problem answer.
    view = await gateway.live_views.open(
        asked.attempt, ConsoleSocket(outbox, request.url.host or "")
    )

    async def still_allowed() -> None:
        caller = await gateway.accounts.again(asked.caller)
        await gateway.access.to_attempt(
            caller.person, Action.LIVE_VIEW_OPEN, view.exam_id, view.attempt_id
        )

    try:
        await socket.prepare(request)
    except (ConnectionError, web.HTTPException):  # or it was no WebSocket that was asked for
        gateway.live_views.end(view, "The console went away.")
        raise

    async def take(text: str) -> None:
        _take(gateway, view, text)

    watching = asyncio.create_task(gateway.live_views.watch_over(view, still_allowed))
    try:
        await outbox.serve(take)
    finally:
        gateway.live_views.end(view, "The console closed the view.")
        await asyncio.gather(watching, return_exceptions=True)
    return socket


def _take(gateway: Gateway, view: LiveView, text: str) -> None:
    if view.ended.is_set():
        return
    try:
        message = _decoder.decode(text)
    except msgspec.DecodeError:
        return
    try:
        match message:
            case OfferIn():
                gateway.live_views.offer(view, message.sdp)
            case IceCandidateIn():
                gateway.live_views.console_candidate(view, message.candidate)
    except HallvaktError as error:
        gateway.live_views.end(view, error.message)
