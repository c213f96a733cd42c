"""The scripted box's routes about the whole hall: groups, seats, codes, gate, shift."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from appliance.core.handover import Duty, OnDuty, SeenBy, ShiftNote
from appliance.core.ids import AttemptId, IncidentId, UserId
from appliance.core.processing import Category

if TYPE_CHECKING:
    from tests.tui.scripted_box import ScriptedBox

_EXAM = "/api/v1/exams/{exam}"
ME = UserId("0" * 32)


def hall_routes(box: ScriptedBox) -> list[web.RouteDef]:
    async def gate(_: web.Request) -> web.Response:
        return _json(box.gate_report)

    async def close_out(_: web.Request) -> web.Response:
        return _json({"open_seats": box.open_seats, "done": 3, "late_until_ms": box.late_until_ms})

    async def hall_codes(_: web.Request) -> web.Response:
        return _json(box.hall_codes)

    async def takeover_code(_: web.Request) -> web.Response:
        return _json({"code": "K7M2QX", "until_ms": box.now_ms + 600_000})

    async def seat(request: web.Request) -> web.Response:
        body = await request.json()
        mine = box.view.seats[AttemptId(request.match_info["attempt"])]
        wanted = body["seat"].upper()
        there = next((s for s in box.view.seats.values() if s.seat == wanted), None)
        moved = [dataclasses.replace(mine, seat=wanted)]
        if there is not None:
            moved.append(dataclasses.replace(there, seat=mine.seat))
        await box.tell(*moved)
        return _json({"seats": moved})

    async def accommodation(request: web.Request) -> web.Response:
        off = frozenset(map(Category, (await request.json())["switched_off"]))
        mine = box.view.seats[AttemptId(request.match_info["attempt"])]
        changed = dataclasses.replace(mine, switched_off=off)
        await box.tell(changed)
        return _json(changed)

    async def acts(_: web.Request) -> web.Response:
        refused = {one["attempt_id"] for one in box.not_done}
        done = [attempt for attempt in box.view.seats if attempt not in refused]
        return _json({"done": done, "not_done": box.not_done})

    async def note(request: web.Request) -> web.Response:
        said = (await request.json())["text"]
        number = len(box.view.shift_notes)
        kept = ShiftNote(
            note_id=f"{number:032x}", at_ms=box.now_ms, by=ME, by_name="ingrid", text=said
        )
        await box.tell(kept)
        return _json(kept)

    async def take(_: web.Request) -> web.Response:
        duty = Duty(on_duty=(OnDuty(user_id=ME, name="ingrid", since_ms=box.now_ms),))
        await box.tell(duty)
        return _json(duty)

    async def leave(_: web.Request) -> web.Response:
        await box.tell(Duty())
        return _json(Duty())

    async def seen(request: web.Request) -> web.Response:
        incident = box.view.incidents[IncidentId(request.match_info["incident"])]
        told = SeenBy(incident_id=incident.incident_id, attempt_id=incident.attempt_id, users=(ME,))
        await box.tell(told)
        return _json(told)

    async def checkup(_: web.Request) -> web.Response:
        return _json({"checks": box.gate})

    return [
        web.get("/api/v1/box/checkup", checkup),
        web.put(f"{_EXAM}/attempts/{{attempt}}/accommodation", accommodation),
        web.get(f"{_EXAM}/start-gate", gate),
        web.get(f"{_EXAM}/close-out", close_out),
        web.get(f"{_EXAM}/hall-codes", hall_codes),
        web.post(f"{_EXAM}/attempts/{{attempt}}/takeover-code", takeover_code),
        web.post(f"{_EXAM}/attempts/{{attempt}}/seat", seat),
        web.post(f"{_EXAM}/acts", acts),
        web.post(f"{_EXAM}/shift-notes", note),
        web.put(f"{_EXAM}/duty", take),
        web.delete(f"{_EXAM}/duty", leave),
        web.post(f"{_EXAM}/incidents/{{incident}}/seen", seen),
    ]


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
