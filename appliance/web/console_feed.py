"""`GET /exams/{exam}/feed?after=`: the WebSocket a console follows the hall on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from appliance.core.errors import BadInput, HallvaktError
from appliance.core.exam import IN_SESSION
from appliance.core.roles import Action
from appliance.services.accounts import NotLoggedIn
from appliance.services.feed import Subscription, Viewer
from appliance.web.application_keys import STOPPING
from appliance.web.bodies import json_bytes
from appliance.web.outbox import CLOSE_WITHIN_S, LONGEST_REASON
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
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN_S, heartbeat=_HEARTBEAT_S, max_msg_size=1024
    )
    await socket.prepare(request)
    subscription = hub.subscribe(
        Viewer(halls=person.halls, names=await gateway.names.book_for(person, exam)), after
    )
    reading = asyncio.create_task(_until_gone(socket))
    sending = asyncio.create_task(_send(socket, subscription))
    guarding = asyncio.create_task(_until_forbidden(asked))
    stopping = asyncio.create_task(request.app[STOPPING].wait())
    tasks: list[asyncio.Task[Any]] = [reading, sending, guarding, stopping]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # Whoever closes must be the only one who reads, or the peer's answer is not awaited.
        reading.cancel()
        await asyncio.wait([reading])
        if guarding.done():
            reason = guarding.result().encode()[:LONGEST_REASON]
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=reason)
        elif sending.done():
            await socket.close(message=b"the exam is closed")
        elif stopping.done():
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the box is stopping")
    finally:
        hub.unsubscribe(subscription)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return socket


async def _until_gone(socket: web.WebSocketResponse) -> None:
    """A console says nothing on this socket; reading notices when it is gone."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            return


async def _send(socket: web.WebSocketResponse, subscription: Subscription) -> None:
    """Return when the feed has ended or the console is gone."""
    with suppress(ConnectionError):
        while (message := await subscription.next()) is not None:
            await socket.send_str(json_bytes(message).decode())


async def _until_forbidden(asked: Asked) -> str:
    """Return why, within a second of a logout or the loss of the right. A closed exam is no
    reason: its feed ends by itself, after the last status."""
    exam = asked.exam.exam.exam_id
    while True:
        await asyncio.sleep(_RECHECK_S)
        try:
            caller = await asked.gateway.accounts.again(asked.caller)
            await asked.gateway.access.to_exam(caller.person, Action.HALL_WATCH, exam)
            if caller.person.halls != asked.caller.person.halls:
                return "Your halls have changed: open the exam again."
        except NotLoggedIn as error:
            return error.message
        except HallvaktError as error:
            state = (await asked.gateway.preparation.exam(exam)).state
            if state in IN_SESSION:
                return error.message


def _after(request: web.Request) -> int | None:
    text = request.query.get("after", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 17:
        raise BadInput("`after` must be a number of the feed.", code="bad-number")
    return int(text)
