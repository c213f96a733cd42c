"""Request bodies: bounded in size and in time, decoded strictly; and JSON answers."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from appliance.core.errors import BadInput, TooLarge
from appliance.web.problems import TooSlow

JSON_BYTES = 64 * 1024
JSON_SECONDS = 10.0
UPLOAD_SECONDS = 60.0

T = TypeVar("T")
_encoder = msgspec.json.Encoder()


def declared_length(request: web.Request, limit: int) -> int:
    """What must be kept free for the body: its stated length, else the limit."""
    stated = request.content_length
    if stated is None:
        return limit
    if stated > limit:
        raise TooLarge(f"That is too large: at most {limit // 1024} KiB are taken here.")
    return stated


async def read_body(request: web.Request, *, limit: int, seconds: float = JSON_SECONDS) -> bytes:
    """Read at most `limit` bytes within `seconds`; raise TooLarge, TooSlow or BadInput."""
    declared_length(request, limit)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise TooLarge(f"That is too large: at most {limit // 1024} KiB are taken.")
    except TimeoutError:
        raise TooSlow("The upload took too long: try again.") from None
    except web.HTTPException:
        raise
    except (ValueError, EOFError) as error:
        raise BadInput("The request broke off: send it again.", code="cut-short") from error
    stated = request.content_length
    if stated is not None and len(body) != stated:
        raise BadInput("The request broke off: send it again.", code="cut-short")
    return bytes(body)


async def read_json(request: web.Request, kind: type[T], *, limit: int = JSON_BYTES) -> T:
    """The body as `kind` (a Struct that forbids unknown fields); raise BadInput otherwise."""
    body = await read_body(request, limit=limit)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"The request is not as expected: {error}.", code="bad-json") from error


async def read_nothing(request: web.Request) -> None:
    """For requests that say all in their path: an empty body or an empty object."""
    if (await read_body(request, limit=JSON_BYTES)).strip() not in (b"", b"{}"):
        raise BadInput("This request takes no fields.", code="bad-json")


def json_bytes(value: Any) -> bytes:
    return _encoder.encode(value)


def json_response(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=_encoder.encode(value), content_type="application/json")
