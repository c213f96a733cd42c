"""What the box's own processes ask of the gateway, over its Unix socket only."""

from __future__ import annotations

import os
import socket
import struct
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Literal

import msgspec
from aiohttp import web

from appliance.core.errors import BadInput, NotAllowed
from appliance.web.application_keys import GATEWAY, Gateway
from appliance.web.bodies import json_response, read_json
from appliance.web.problems import problems
from appliance.web.routes import Open, Routes

routes = Routes()

_MAX_PAYLOAD = 1024 * 1024
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid (unix(7))


class SignBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    purpose: Literal["manifest", "erasure"]
    payload: str


def check_peer(request: web.Request) -> None:
    """Raise NotAllowed unless the peer is root or the box's own user on the Unix socket."""
    peer = request.transport.get_extra_info("socket") if request.transport else None
    if peer is None or peer.family != socket.AF_UNIX:
        raise NotAllowed("This is answered on the box itself only.", code="not-local")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(raw)
    if uid not in (0, os.geteuid()):
        raise NotAllowed("This is answered to the box's own user only.", code="not-local")


@routes.open("POST", "/box/v1/sign", Open.BOX_PROCESS)
async def sign(request: web.Request) -> web.StreamResponse:
    check_peer(request)
    return await _sign(request)


def night_door(gateway: Gateway) -> web.Application:
    """Signs for night and janitor, whom its socket's mode lets in, and answers nothing else."""
    app = web.Application(middlewares=[problems])
    app[GATEWAY] = gateway
    app.router.add_post("/box/v1/sign", _sign)
    return app


async def _sign(request: web.Request) -> web.StreamResponse:
    body = await read_json(request, SignBody, limit=2 * _MAX_PAYLOAD)
    try:
        payload = b64decode(body.payload, validate=True)
    except NotBase64:
        raise BadInput("The payload is not base64.", code="bad-base64") from None
    signed = await request.app[GATEWAY].box.sign(body.purpose, payload)
    return json_response(signed)
