"""What a candidate's page asks after the hand-in."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.web.application_keys import GATEWAY
from appliance.web.bodies import json_response, read_json, read_nothing
from appliance.web.candidate_auth import forget_cookie
from appliance.web.routes import Routes

routes = Routes()


class RemarkBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    text: str


@routes.candidate("GET", "/api/v1/attempts/me/afterwards")
async def afterwards(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    language = request.query.get("language", "")
    return json_response(await request.app[GATEWAY].after_hand_in.look(attempt, language))


@routes.candidate("POST", "/api/v1/attempts/me/remark")
async def remark(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    body = await read_json(request, RemarkBody, limit=16 * 1024)
    await request.app[GATEWAY].after_hand_in.remark(attempt, body.text)
    return json_response({}, status=201)


@routes.candidate("POST", "/api/v1/attempts/me/leave")
async def leave(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    await read_nothing(request)
    await request.app[GATEWAY].after_hand_in.leave(attempt)
    response = json_response({})
    forget_cookie(response)
    return response
