"""Whether an exam is ready to be started, and what is open before and after its close."""

from __future__ import annotations

from aiohttp import web

from appliance.core.roles import Action
from appliance.web.bodies import json_response
from appliance.web.routes import Asked, Routes

routes = Routes()


@routes.console("GET", "/api/v1/exams/{exam}/start-gate", Action.START_GATE_SEE)
async def start_gate(_request: web.Request, asked: Asked) -> web.StreamResponse:
    return json_response(await asked.gateway.start_gate.look(asked.exam.exam))


@routes.console("GET", "/api/v1/exams/{exam}/close-out", Action.CLOSE_OUT_SEE)
async def close_out(_request: web.Request, asked: Asked) -> web.StreamResponse:
    return json_response(await asked.gateway.closing_out.look(asked.exam))
