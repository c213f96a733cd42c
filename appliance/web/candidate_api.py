"""What a candidate's page asks of the box."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64decode
from binascii import Error as NotBase64
from typing import Literal

import msgspec
from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.core.errors import BadInput, BadMedia, HallvaktError, TooLarge
from appliance.core.snippet import HIGHEST_SEQUENCE, MAX_PORTRAIT_BYTES, MAX_SNIPPET_BYTES
from appliance.services.ingest import Upload
from appliance.services.joining import JoinRequest
from appliance.web.application_keys import GATEWAY, LIMITS
from appliance.web.bodies import (
    UPLOAD_SECONDS,
    declared_length,
    json_response,
    read_body,
    read_json,
    read_nothing,
)
from appliance.web.candidate_auth import set_cookie
from appliance.web.routes import Open, Routes

routes = Routes()

_WRONG_JOINS = frozenset({"wrong-code", "bad-proof", "bad-nonce"})


class JoinBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    exam_code: str
    seat_code: str
    nonce: str
    public_key: str
    signature: str
    hall_code: str = ""
    takeover_code: str = ""


class NoticeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    version: str
    answer: Literal["acknowledged", "refused"]


class DevicesBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    camera: bool
    microphone: bool


class HandInBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    last_sequence: int


@routes.open("POST", "/api/v1/join/challenge", Open.PUBLIC)
async def challenge(request: web.Request) -> web.StreamResponse:
    await read_nothing(request)
    gateway = request.app[GATEWAY]
    return json_response(
        {"nonce": gateway.joining.challenge(), "server_ms": gateway.clock.now_ms()}
    )


@routes.open("POST", "/api/v1/join", Open.PUBLIC)
async def join(request: web.Request) -> web.StreamResponse:
    limits, gateway = request.app[LIMITS], request.app[GATEWAY]
    body = await read_json(request, JoinBody, limit=4096)
    limits.join_by_seat.take(f"{body.exam_code}/{body.seat_code}".upper())
    try:
        joined = await gateway.joining.join(
            JoinRequest(
                exam_code=body.exam_code,
                seat_code=body.seat_code,
                nonce=body.nonce,
                public_key=_base64url(body.public_key),
                signature=_base64url(body.signature),
                hall_code=body.hall_code[:16],
                takeover_code=body.takeover_code[:16],
                address=request.remote or "",
            )
        )
    except HallvaktError as error:
        if error.code in _WRONG_JOINS:
            limits.wrong_join_by_address.take(request.remote or "")
        raise
    status = await gateway.candidates.status(joined.attempt)
    response = json_response(
        {
            "token": joined.token,
            "attempt": joined.attempt.attempt_id,
            "hall": joined.attempt.seat.hall,
            "seat": joined.attempt.seat.label,
            "status": status,
        },
        status=201,
    )
    set_cookie(response, joined.token)
    return response


@routes.candidate("GET", "/api/v1/attempts/me")
async def status(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    candidates = request.app[GATEWAY].candidates
    return json_response(await candidates.status_now(attempt.attempt_id))


@routes.candidate("GET", "/api/v1/attempts/me/notice")
async def notice(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    language = request.query.get("language", "")
    return json_response(await request.app[GATEWAY].check_in.notice(attempt, language))


@routes.candidate("POST", "/api/v1/attempts/me/notice")
async def answer_notice(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    body = await read_json(request, NoticeBody, limit=1024)
    gateway = request.app[GATEWAY]
    attempt = await gateway.check_in.answer_notice(
        attempt, body.version, acknowledged=body.answer == "acknowledged"
    )
    return json_response(await gateway.candidates.status(attempt))


@routes.candidate("POST", "/api/v1/attempts/me/devices")
async def devices(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    body = await read_json(request, DevicesBody, limit=1024)
    gateway = request.app[GATEWAY]
    attempt = await gateway.check_in.devices(
        attempt, camera=body.camera, microphone=body.microphone
    )
    return json_response(await gateway.candidates.status(attempt))


@routes.candidate("PUT", "/api/v1/attempts/me/portrait")
async def portrait(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    if request.content_type != "image/jpeg":
        raise BadMedia("A photo is sent as image/jpeg.", code="not-jpeg")
    gateway = request.app[GATEWAY]
    await gateway.check_in.check_portrait_wanted(attempt)
    async with gateway.ingest.room_for(attempt, declared_length(request, MAX_PORTRAIT_BYTES)):
        picture = await read_body(request, limit=MAX_PORTRAIT_BYTES, seconds=UPLOAD_SECONDS)
        return json_response(await gateway.check_in.portrait(attempt, picture))


@routes.candidate("POST", "/api/v1/attempts/me/ready")
async def ready(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    await read_nothing(request)
    gateway = request.app[GATEWAY]
    attempt = await gateway.check_in.ready(attempt)
    return json_response(await gateway.candidates.status(attempt))


@routes.candidate("PUT", "/api/v1/attempts/me/snippets/{sequence}", earlier_page=True)
async def snippet(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    if request.content_type != "video/webm":
        raise BadMedia("A snippet is sent as video/webm.", code="not-webm")
    sequence = _whole_number(request.match_info["sequence"], "The snippet number")
    if not 1 <= sequence <= HIGHEST_SEQUENCE:
        raise BadInput("A snippet number starts at 1.", code="sequence-out-of-range")
    digest = _content_digest(request)
    started_ms = _whole_number(
        request.headers.get("Hallvakt-Started-Ms", ""), "The header Hallvakt-Started-Ms"
    )
    ingest = request.app[GATEWAY].ingest
    try:
        # Memory is reserved before the first byte is read, and given back after the answer.
        async with ingest.room_for(attempt, declared_length(request, MAX_SNIPPET_BYTES)):
            body = await read_body(request, limit=MAX_SNIPPET_BYTES, seconds=UPLOAD_SECONDS)
            receipt = await ingest.take(
                attempt,
                Upload(sequence=sequence, digest=digest, started_ms=started_ms, body=body),
            )
    except TooLarge:
        await ingest.refuse(attempt, sequence)
        raise
    return json_response(receipt, status=201)


@routes.candidate("POST", "/api/v1/attempts/me/hand-in")
async def hand_in(request: web.Request, attempt: Attempt) -> web.StreamResponse:
    body = await read_json(request, HandInBody, limit=1024)
    gateway = request.app[GATEWAY]
    attempt = await gateway.candidates.hand_in(attempt, body.last_sequence)
    return json_response(await gateway.candidates.status(attempt))


def _content_digest(request: web.Request) -> bytes:
    """SHA-256 out of `Content-Digest` (RFC 9530); raise BadInput."""
    for member in request.headers.get("Content-Digest", "").split(","):
        name, _, value = member.strip().partition("=")
        if name.lower() == "sha-256" and value.startswith(":") and value.endswith(":"):
            try:
                digest = b64decode(value[1:-1], validate=True)
            except NotBase64:
                break
            if len(digest) == 32:
                return digest
    raise BadInput("The header Content-Digest: sha-256=:...: is missing.", code="no-digest")


def _whole_number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadInput(f"{what} must be a whole number.", code="bad-number")
    return int(text)


def _base64url(text: str) -> bytes:
    if len(text) > 1024:
        raise TooLarge("The key or signature is too long.")
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (NotBase64, ValueError):
        raise BadInput("The key or signature is not base64url.", code="bad-base64") from None
