"""Which person a console request comes from: `Authorization: Bearer`."""

from __future__ import annotations

from aiohttp import web

from appliance.core.errors import NotAllowed
from appliance.services.accounts import Caller, NotLoggedIn
from appliance.web.application_keys import GATEWAY


def bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def check_origin(request: web.Request) -> None:
    """A browser says which page asks; only the box's own may. Raise NotAllowed.

    This is what keeps another site's page off our WebSockets, which the same-origin policy does
    not cover. Clients that are not browsers send no Origin.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"https://{request.host}":
        raise NotAllowed("This page is not the box's own.", code="other-origin")


async def caller_of(request: web.Request) -> Caller:
    """Raise NotLoggedIn."""
    token = bearer(request)
    if token is None:
        raise NotLoggedIn("Please log in.")
    check_origin(request)
    return await request.app[GATEWAY].accounts.caller(token)
