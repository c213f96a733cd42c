"""One attempt as an invigilator sees it and acts on it."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.errors import BadInput
from appliance.core.ids import IncidentId, check_id
from appliance.core.observation import Decision, ReasonCategory
from appliance.core.roles import Action
from appliance.services.acts import ActRequest
from appliance.services.decisions import DecisionRequest
from appliance.web.bodies import json_response, read_json
from appliance.web.routes import Asked, Routes

routes = Routes()

_ATTEMPT = "/api/v1/exams/{exam}/attempts/{attempt}"
MOST_STILLS = 12


class ActBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    act: str
    text: str = ""
    minutes: int = 0
    reason: str = ""


class AccommodationBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    switched_off: list[str]
    reason: str


class DecisionBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    decision: Decision | None
    category: ReasonCategory | None = None
    note: str = ""


@routes.console("GET", _ATTEMPT, Action.HALL_WATCH)
async def detail(_request: web.Request, asked: Asked) -> web.StreamResponse:
    gateway = asked.gateway
    found = await gateway.evidence.detail(
        asked.attempt, await gateway.names.book_for(asked.caller.person, asked.exam.exam)
    )
    return json_response(found)


@routes.console("GET", f"{_ATTEMPT}/thumbnail", Action.THUMBNAIL_SEE)
async def thumbnail(_request: web.Request, asked: Asked) -> web.StreamResponse:
    return _jpeg(await asked.gateway.evidence.thumbnail(asked.attempt))


@routes.console("GET", f"{_ATTEMPT}/portrait", Action.PORTRAIT_SEE)
async def portrait(_request: web.Request, asked: Asked) -> web.StreamResponse:
    return _jpeg(await asked.gateway.evidence.portrait(asked.attempt))


@routes.console("GET", f"{_ATTEMPT}/snippets/{{sequence}}/film-strip", Action.SNIPPET_OPEN)
async def film_strip(request: web.Request, asked: Asked) -> web.StreamResponse:
    sequence = _number(request.match_info["sequence"], 1, 1_000_000)
    count = _number(request.query.get("count", "6"), 1, MOST_STILLS)
    stills = await asked.gateway.evidence.film_strip(asked.attempt, sequence, count)
    return json_response({"stills": [{"at_s": at, "jpeg": jpeg} for at, jpeg in stills]})


@routes.console("PUT", f"{_ATTEMPT}/accommodation", Action.ACCOMMODATE)
async def accommodate(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, AccommodationBody, limit=8192)
    seat = await asked.gateway.accommodations.set(asked.attempt, body.switched_off, body.reason)
    return json_response(seat)


@routes.console("POST", f"{_ATTEMPT}/acts", Action.ATTEMPT_ACT)
async def act(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, ActBody, limit=8192)
    seat = await asked.gateway.acts.do(
        asked.attempt,
        ActRequest(act=body.act, text=body.text, minutes=body.minutes, reason=body.reason),
    )
    return json_response(seat)


@routes.console(
    "POST", "/api/v1/exams/{exam}/incidents/{incident}/decision", Action.INCIDENT_DECIDE
)
async def decide(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, DecisionBody, limit=8192)
    incident = IncidentId(check_id(request.match_info["incident"]))
    decided = await asked.gateway.decisions.decide(
        asked.exam,
        incident,
        DecisionRequest(decision=body.decision, category=body.category, note=body.note),
    )
    return json_response(decided)


def _jpeg(content: bytes) -> web.Response:
    return web.Response(body=content, content_type="image/jpeg")


def _number(text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most:
        return int(text)
    raise BadInput(f"A number between {least} and {most} is expected.", code="bad-number")
