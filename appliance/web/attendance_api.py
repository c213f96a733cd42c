"""Who sits where: the code of each hall, and a computer that takes over a seat."""

from __future__ import annotations

from aiohttp import web

from appliance.core.roles import Action
from appliance.web.bodies import json_response, read_nothing
from appliance.web.routes import Asked, Routes

routes = Routes()

_EXAM = "/api/v1/exams/{exam}"


@routes.console("GET", f"{_EXAM}/hall-codes", Action.JOIN_CODE_SEE)
async def hall_codes(_request: web.Request, asked: Asked) -> web.StreamResponse:
    gateway, exam = asked.gateway, asked.exam.exam
    mine = asked.caller.person.halls
    seats = gateway.halls.feed(exam.exam_id).view.seats.values()
    halls = {seat.hall for seat in seats if mine is None or seat.hall in mine}
    return json_response(
        {"needed": exam.settings.join.hall_code, "codes": gateway.hall_codes.of(exam, halls)}
    )


@routes.console("POST", f"{_EXAM}/attempts/{{attempt}}/takeover-code", Action.ATTEMPT_ACT)
async def takeover_code(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    return json_response(await asked.gateway.acts.takeover_code(asked.attempt))
