"""What the data protection officer does on the box: legal holds and erasures."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.ids import AttemptId, check_id
from appliance.core.roles import Action
from appliance.web.bodies import json_response, read_json, read_nothing
from appliance.web.routes import Asked, Routes

routes = Routes()


class ErasureBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`second_token`: the login of the person who countersigns."""

    attempt: str
    second_token: str
    reference: str = ""


class HoldBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: str


@routes.console("POST", "/api/v1/exams/{exam}/erasures", Action.ATTEMPT_ERASE)
async def erase(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, ErasureBody, limit=4096)
    gateway = asked.gateway
    second = await gateway.accounts.caller(body.second_token)
    erasure = await gateway.erasures.erase(
        asked.exam, second.person, AttemptId(check_id(body.attempt)), body.reference
    )
    return json_response(
        {
            "attempt": erasure.attempt_id,
            "begun_ms": erasure.begun_ms,
            "envelopes": len(erasure.envelopes),
            "objects": len(erasure.objects),
            "name": erasure.name.value,
        }
    )


@routes.console("PUT", "/api/v1/exams/{exam}/hold", Action.EXAM_HOLD)
async def hold(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, HoldBody, limit=4096)
    kept = await asked.gateway.holds.hold(asked.exam, body.reason)
    return json_response({"held": True, "since_ms": kept.since_ms, "reason": kept.reason})


@routes.console("DELETE", "/api/v1/exams/{exam}/hold", Action.EXAM_HOLD)
async def release(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    await asked.gateway.holds.release(asked.exam)
    return web.Response(status=204)
