"""The life of an exam, as leads drive it."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from appliance.config.exam_settings import parse_settings
from appliance.core.errors import BadInput
from appliance.core.roles import Action
from appliance.services.hall import exam_status
from appliance.web.bodies import json_response, read_body, read_json, read_nothing
from appliance.web.routes import Asked, Routes

routes = Routes()

MAX_ROSTER_BYTES = 1024 * 1024
_ENCODINGS = {"utf-8", "utf-8-sig", "iso-8859-1", "windows-1252"}


class NewExamBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    settings_toml: str


class StateBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    to: Literal["ready", "open", "live", "closed"]
    override: str = ""


_ACTION = {
    "ready": Action.EXAM_READY,
    "open": Action.EXAM_OPEN,
    "live": Action.EXAM_START,
    "closed": Action.EXAM_CLOSE,
}


@routes.console("GET", "/api/v1/exams", Action.EXAM_LIST)
async def exams(_request: web.Request, asked: Asked) -> web.StreamResponse:
    listed = await asked.gateway.preparation.exams_for(asked.caller.person)
    return json_response({"exams": [exam_status(exam) for exam in listed]})


@routes.console("POST", "/api/v1/exams", Action.EXAM_CREATE)
async def create(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, NewExamBody)
    exam = await asked.gateway.preparation.create(
        asked.caller.person, parse_settings(body.settings_toml)
    )
    return json_response(exam_status(exam), status=201)


@routes.console("GET", "/api/v1/exams/{exam}", Action.EXAM_LIST)
async def exam(_request: web.Request, asked: Asked) -> web.StreamResponse:
    asked.gateway.preparation.check_listed(asked.caller.person, asked.exam.exam)
    return json_response(exam_status(asked.exam.exam))


@routes.console("PUT", "/api/v1/exams/{exam}/roster", Action.ROSTER_IMPORT)
async def roster(request: web.Request, asked: Asked) -> web.StreamResponse:
    if request.content_type != "text/csv":
        raise BadInput("A roster is sent as text/csv.", code="not-csv")
    charset = (request.charset or "utf-8").lower()
    if charset not in _ENCODINGS:
        raise BadInput(f"Save the roster as UTF-8: {charset} is not read here.")
    content = await read_body(request, limit=MAX_ROSTER_BYTES)
    imported = await asked.gateway.preparation.import_roster(asked.exam, content, charset)
    return json_response(imported)


@routes.console("GET", "/api/v1/exams/{exam}/slips", Action.SLIPS_PRINT)
async def slips(_request: web.Request, asked: Asked) -> web.StreamResponse:
    return json_response({"slips": await asked.gateway.preparation.slips(asked.exam)})


@routes.console(
    "POST",
    "/api/v1/exams/{exam}/state",
    Action.EXAM_READY,
    Action.EXAM_OPEN,
    Action.EXAM_START,
    Action.EXAM_CLOSE,
)
async def state(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, StateBody, limit=1024)
    await asked.admit(_ACTION[body.to])
    gateway = asked.gateway
    match body.to:
        case "ready":
            return json_response(exam_status(await gateway.exam_life.ready(asked.exam)))
        case "open":
            return json_response(exam_status(await gateway.exam_life.open(asked.exam)))
        case "live":
            return json_response(
                exam_status(await gateway.exam_life.start(asked.exam, body.override))
            )
        case "closed":
            return json_response(await gateway.closing.close(asked.exam))


@routes.console("GET", "/api/v1/box", Action.BOX_STATUS)
async def box(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    return json_response(await asked.gateway.box.about())


@routes.console("GET", "/api/v1/box/checkup", Action.BOX_CHECKUP)
async def checkup(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    return json_response({"checks": await asked.gateway.checkup()})
