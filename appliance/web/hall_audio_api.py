"""What the process with the hall's microphone reports, over Unix sockets only."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from aiohttp import web

from appliance.core.hall_sound import HeardWindow
from appliance.core.observation import SoundMeasurement
from appliance.web.application_keys import GATEWAY, Gateway
from appliance.web.bodies import json_response, read_json
from appliance.web.box_api import check_peer
from appliance.web.problems import problems
from appliance.web.routes import Open, Routes

routes = Routes()

_MOST_WINDOWS = 120


class WindowBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """About a second of sound as four numbers; `started_ms` Unix milliseconds."""

    started_ms: int
    length_s: float
    level_dbfs: float
    voice: float | None


class HallSoundBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`heard`: sound comes from the device now."""

    heard: bool
    windows: list[WindowBody]


@dataclass(frozen=True, slots=True, kw_only=True)
class MayListen:
    listen: bool


@routes.open("POST", "/box/v1/hall-sound", Open.BOX_PROCESS)
async def hall_sound(request: web.Request) -> web.StreamResponse:
    check_peer(request)
    return await _report(request)


def hall_sound_door(gateway: Gateway) -> web.Application:
    """Answers that one question and nothing else, to whoever its socket's mode lets in."""
    app = web.Application(middlewares=[problems])
    app[GATEWAY] = gateway
    app.router.add_post("/box/v1/hall-sound", _report)
    return app


async def _report(request: web.Request) -> web.StreamResponse:
    body = await read_json(request, HallSoundBody, limit=64 * 1024)
    windows = [
        HeardWindow(
            started_ms=w.started_ms,
            sound=SoundMeasurement(
                at_s=0.0, length_s=w.length_s, level_dbfs=w.level_dbfs, voice=w.voice
            ),
        )
        for w in body.windows[:_MOST_WINDOWS]
    ]
    microphone = request.app[GATEWAY].hall_microphone
    listen = await microphone.report(heard=body.heard, windows=windows)
    return json_response(MayListen(listen=listen))
