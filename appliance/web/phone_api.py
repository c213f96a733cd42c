"""The link that moves a candidate's page to their phone, as a picture to scan."""

from __future__ import annotations

import re

import msgspec
import segno
from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.core.errors import BadInput
from appliance.web.application_keys import GATEWAY
from appliance.web.bodies import json_response, read_json
from appliance.web.routes import Routes

routes = Routes()

_SEAT_CODE = re.compile(r"[0-9A-Z]{4,24}")


class PhoneBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    seat_code: str


@routes.candidate("GET", "/api/v1/attempts/me/phone")
async def available(request: web.Request, _attempt: Attempt) -> web.StreamResponse:
    return json_response({"available": request.app[GATEWAY].phone_camera.available})


@routes.candidate("POST", "/api/v1/attempts/me/phone")
async def link(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    body = await read_json(request, PhoneBody, limit=1024)
    if not _SEAT_CODE.fullmatch(body.seat_code):
        raise BadInput("That is no seat code.", code="bad-seat-code")
    made = await request.app[GATEWAY].phone_camera.link(attempt, body.seat_code)
    picture = segno.make(made.url, error="m", micro=False).svg_data_uri(scale=6, border=3)
    return json_response({"qr": picture, "until_ms": made.until_ms}, status=201)


@routes.candidate("GET", "/api/v1/attempts/me/elsewhere", earlier_page=True)
async def elsewhere(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    return json_response(await request.app[GATEWAY].phone_camera.elsewhere(attempt))
