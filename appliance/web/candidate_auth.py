"""Which attempt a candidate's request is about: the cookie the page got when it joined, or the
same token as `Authorization: Bearer` for candidates that are not browsers."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.core.errors import NotFound
from appliance.services.accounts import NotLoggedIn
from appliance.web.application_keys import GATEWAY
from appliance.web.person_auth import bearer, check_origin

COOKIE = "__Host-hallvakt-attempt"
_LONGEST_TOKEN = 128


async def attempt_of(request: web.Request, *, earlier_page: bool) -> tuple[Attempt, bool]:
    """The attempt, and whether this is its page now. One that lost its seat to another computer
    is taken where `earlier_page` says so. Raise NotLoggedIn: `taken-over` for such a page
    elsewhere, `not-joined` for any other."""
    check_origin(request)
    token = bearer(request) or request.cookies.get(COOKIE)
    if not token or len(token) > _LONGEST_TOKEN:
        raise NotLoggedIn("Please join the exam first.", code="not-joined")
    candidates = request.app[GATEWAY].candidates
    with suppress(NotFound):
        return await candidates.by_token(token), True
    try:
        attempt = await candidates.by_earlier_token(token)
    except NotFound:
        raise NotLoggedIn(
            "This page is no longer joined: type the exam code and the seat code again.",
            code="not-joined",
        ) from None
    if earlier_page:
        return attempt, False
    raise NotLoggedIn(
        "The exam goes on at another computer: this one only sends what it still has.",
        code="taken-over",
    )


def set_cookie(response: web.Response, token: str) -> None:
    """`__Host-`: this host only, every path, TLS only; never readable by a script."""
    response.set_cookie(
        COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict", max_age=86_400
    )


def forget_cookie(response: web.Response) -> None:
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
