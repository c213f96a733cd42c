"""The night's sending, held back or let go on by a person."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.roles import Action
from appliance.web.bodies import json_response, read_json
from appliance.web.routes import Asked, Routes

routes = Routes()


class NightBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    paused: bool


@routes.console("PUT", "/api/v1/box/night", Action.SYNC_RUN)
async def night(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, NightBody, limit=1024)
    await asked.gateway.night_desk.pause(asked.caller.person, paused=body.paused)
    return json_response({"paused": body.paused})
