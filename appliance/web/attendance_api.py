"""Who sits where: the code of each hall, and a computer that takes over a seat."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.exam import Seat
from appliance.core.ids import AttemptId, check_id
from appliance.core.roles import Action
from appliance.core.selection import Whom
from appliance.services.acts import ActRequest
from appliance.web.bodies import json_response, read_json, read_nothing
from appliance.web.routes import Asked, Routes

routes = Routes()


class SeatBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    hall: str
    seat: str
    reason: str


class WhomBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    attempts: list[str] = []
    hall: str | None = None
    row: str | None = None
    accommodated: bool = False
    everybody: bool = False


class GroupActBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    to: WhomBody
    act: str
    text: str = ""
    minutes: int = 0
    reason: str = ""


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


@routes.console("POST", f"{_EXAM}/attempts/{{attempt}}/seat", Action.ATTEMPT_ACT)
async def change_seat(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, SeatBody, limit=4096)
    moved = await asked.gateway.seating.move(
        asked.attempt, Seat(hall=body.hall, label=body.seat), body.reason
    )
    feed = asked.gateway.halls.feed(asked.exam.exam.exam_id)
    return json_response({"seats": [feed.seat(attempt) for attempt in moved]})


@routes.console("POST", f"{_EXAM}/acts", Action.ATTEMPT_ACT)
async def group_act(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, GroupActBody)
    whom = Whom(
        attempts=tuple(AttemptId(check_id(attempt)) for attempt in body.to.attempts),
        hall=body.to.hall,
        row=body.to.row,
        accommodated=body.to.accommodated,
        everybody=body.to.everybody,
    )
    done = await asked.gateway.group_acts.do(
        asked.exam,
        whom,
        ActRequest(act=body.act, text=body.text, minutes=body.minutes, reason=body.reason),
    )
    return json_response(done)
