"""`GET /exams/{exam}/feed?after=`: the WebSocket a console follows the hall on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from appliance.core.errors import BadInput, HallvaktError
from appliance.core.roles import Action
from appliance.services.feed import Subscription, Viewer
from appliance.web.bodies import json_bytes
from appliance.web.routes import Asked, Routes

routes = Routes()

_HEARTBEAT_S = 10.0
_RECHECK_S = 1.0


@routes.console("GET", "/api/v1/exams/{exam}/feed", Action.HALL_WATCH)
async def feed(request: web.Request, asked: Asked) -> web.StreamResponse:
    gateway, exam = asked.gateway, asked.exam.exam
    person = asked.caller.person
    hub = gateway.halls.feed(exam.exam_id)
    after = _after(request)
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=1024)
    await socket.prepare(request)
    subscription = hub.subscribe(
        Viewer(halls=person.halls, names=await gateway.names.book_for(person, exam)), after
    )
    tasks = [
        asyncio.create_task(_send(socket, subscription)),
        asyncio.create_task(_recheck(socket, asked)),
    ]
    try:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
    finally:
        hub.unsubscribe(subscription)
        for task in tasks:
            task.cancel()
    return socket


async def _send(socket: web.WebSocketResponse, subscription: Subscription) -> None:
    with suppress(ConnectionError):
        while (message := await subscription.next()) is not None:
            await socket.send_str(json_bytes(message).decode())
        await socket.close(code=WSCloseCode.OK, message=b"the exam is closed")


async def _recheck(socket: web.WebSocketResponse, asked: Asked) -> None:
    """Whoever logs out or loses the right stops seeing the hall within a second."""
    exam = asked.exam.exam.exam_id
    with suppress(ConnectionError):
        while True:
            await asyncio.sleep(_RECHECK_S)
            try:
                caller = await asked.gateway.accounts.again(asked.caller)
                current = await asked.gateway.access.to_exam(caller.person, Action.HALL_WATCH, exam)
                del current
            except HallvaktError as error:
                if exam not in asked.gateway.halls.in_session():
                    return  # closed: the feed ends by itself, after the last status
                await socket.close(
                    code=WSCloseCode.POLICY_VIOLATION, message=error.message.encode()[:120]
                )
                return


def _after(request: web.Request) -> int | None:
    text = request.query.get("after", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 17:
        raise BadInput("`after` must be a number of the feed.", code="bad-number")
    return int(text)
