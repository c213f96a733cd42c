"""Errors as `application/problem+json` (RFC 9457): the sentence of `core.errors`, never a
traceback. What nobody foresaw is logged with an id, and the client is told only the id."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web

from appliance.core import errors
from appliance.services.accounts import NotLoggedIn
from appliance.services.throttle import Throttled

log = structlog.get_logger(__name__)

RETRY_AFTER_S = 2


class TooSlow(errors.BadInput):
    code = "too-slow"


class Problem(msgspec.Struct, kw_only=True):
    title: str
    status: int
    code: str
    detail: str
    type: str = "about:blank"


_BY_CODE = {"not-webm": 415, "busy": 503}
_BY_TYPE: tuple[tuple[type[errors.HallvaktError], int], ...] = (
    (NotLoggedIn, 401),
    (Throttled, 429),
    (TooSlow, 408),
    (errors.NotAllowed, 403),
    (errors.WrongState, 409),
    (errors.Locked, 423),
    (errors.Refused, 403),
    (errors.BadMedia, 422),
    (errors.TooLarge, 413),
    (errors.Conflict, 409),
    (errors.NotFound, 404),
    (errors.BadInput, 400),
    (errors.WrongConfiguration, 400),
    (errors.NoRoom, 507),
    (errors.Unreachable, 503),
    (errors.IntegrityFailure, 500),
)


def status_of(error: errors.HallvaktError) -> int:
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _BY_TYPE if isinstance(error, kind)), 500)


def problem_response(error: errors.HallvaktError) -> web.Response:
    status = status_of(error)
    response = _response(status, error.code, error.message)
    if status in (429, 503):
        wait = getattr(error, "retry_after_s", RETRY_AFTER_S)
        response.headers["Retry-After"] = str(max(1, round(wait)))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in (408, 413):
        # The rest of the body was not read: what follows on this connection is not a request.
        response.force_close()
    return response


def _response(status: int, code: str, detail: str) -> web.Response:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail)
    return web.Response(
        status=status,
        body=msgspec.json.encode(problem),
        content_type="application/problem+json",
    )


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except errors.HallvaktError as error:
        if isinstance(error, errors.IntegrityFailure):
            log.error("stored data is not what was stored", path=_route(request))
        return problem_response(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _response(error.status, f"http-{error.status}", error.reason)
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:  # the one boundary of every request
        number = secrets.token_hex(4)
        log.exception("request failed", error_id=number, path=_route(request))
        return _response(
            500,
            "unexpected",
            f"Something went wrong in the box: tell the technician the number {number}.",
        )


def _route(request: web.Request) -> str:
    """The pattern, not the path: a path holds ids."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "no route"
