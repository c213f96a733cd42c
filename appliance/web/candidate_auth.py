"""Which attempt a candidate's request is about: the cookie the page got when it joined, or the
same token as `Authorization: Bearer` for candidates that are not browsers."""

from __future__ import annotations

from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.core.errors import NotFound
from appliance.services.accounts import NotLoggedIn
from appliance.web.application_keys import GATEWAY
from appliance.web.person_auth import bearer, check_origin

COOKIE = "__Host-hallvakt-attempt"
_LONGEST_TOKEN = 128


async def attempt_of(request: web.Request) -> Attempt:
    """Raise NotLoggedIn."""
    check_origin(request)
    token = bearer(request) or request.cookies.get(COOKIE)
    if not token or len(token) > _LONGEST_TOKEN:
        raise NotLoggedIn("Please join the exam first.", code="not-joined")
    try:
        return await request.app[GATEWAY].candidates.by_token(token)
    except NotFound:
        raise NotLoggedIn(
            "This page is no longer joined: type the exam code and the seat code again.",
            code="not-joined",
        ) from None


def set_cookie(response: web.Response, token: str) -> None:
    """`__Host-`: this host only, every path, TLS only; never readable by a script."""
    response.set_cookie(
        COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict", max_age=86_400
    )


def forget_cookie(response: web.Response) -> None:
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
