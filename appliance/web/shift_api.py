"""The change of shift: notes, who is on duty, and what each person has seen."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.ids import IncidentId, check_id
from appliance.core.roles import Action
from appliance.web.bodies import json_response, read_json, read_nothing
from appliance.web.routes import Asked, Routes

routes = Routes()

_EXAM = "/api/v1/exams/{exam}"


class NoteBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    text: str
    hall: str | None = None


class DutyBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    halls: list[str] | None = None


@routes.console("POST", f"{_EXAM}/shift-notes", Action.SHIFT_HAND_OVER)
async def note(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, NoteBody, limit=8192)
    name = asked.caller.login.user_name
    kept = await asked.gateway.shift_desk.note(asked.exam, name, body.text, body.hall)
    return json_response(kept, status=201)


@routes.console("PUT", f"{_EXAM}/duty", Action.SHIFT_HAND_OVER)
async def take_duty(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, DutyBody, limit=8192)
    name = asked.caller.login.user_name
    return json_response(await asked.gateway.shift_desk.take(asked.exam, name, body.halls))


@routes.console("DELETE", f"{_EXAM}/duty", Action.SHIFT_HAND_OVER)
async def leave_duty(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    return json_response(await asked.gateway.shift_desk.leave(asked.exam))


@routes.console("POST", f"{_EXAM}/incidents/{{incident}}/seen", Action.HALL_WATCH)
async def seen(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    incident = IncidentId(check_id(request.match_info["incident"]))
    return json_response(await asked.gateway.shift_desk.seen(asked.exam, incident))
