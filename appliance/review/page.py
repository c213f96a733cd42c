"""The reviewer's page: a web server on this machine, for the one browser that has its token.

It listens on 127.0.0.1 only. The address printed for the reviewer carries a random token in its
fragment, which browsers never send; the page exchanges it once for a cookie. Every answer forbids
caching, so that nothing decrypted reaches the browser's disk cache.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

import msgspec
from aiohttp import web

from appliance.core.errors import (
    BadInput,
    Conflict,
    HallvaktError,
    Locked,
    NotAllowed,
    NotFound,
)
from appliance.review.desk import Desk
from appliance.review.receipts import send_quietly
from appliance.review.refusals import in_language, refusals
from appliance.review.views import ReviewViews

_COOKIE = "hallvakt-review"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self'",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), display-capture=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_STATIC = {
    "" if file.name == "index.html" else file.name: (file.name, _TYPES[Path(file.name).suffix])
    for file in (resources.files(__package__) / "static").iterdir()
    if Path(file.name).suffix in _TYPES
}
_MOST_BODY = 64 * 1024
_SEND_EVERY_S = 15.0
_STATUS: dict[type[HallvaktError], int] = {
    NotFound: 404,
    Locked: 423,
    Conflict: 409,
    NotAllowed: 403,
    BadInput: 400,
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ReviewPage:
    """Opened exams stay in memory until the server ends."""

    def __init__(self, desk: Desk) -> None:
        self._views = ReviewViews(desk)
        self._desk = desk
        self._token = secrets.token_urlsafe(32)
        self._cookie_hash: bytes | None = None
        self._host = ""

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[str]:
        """The address to open, while the block runs. Port 0: any free one."""
        await asyncio.to_thread(refusals)
        application = web.Application(middlewares=[self._guard], client_max_size=_MOST_BODY)
        application.on_response_prepare.append(_add_headers)
        application.router.add_post("/enter", self._enter)
        self._views.add_to(application.router)
        for path in _STATIC:
            application.router.add_get(f"/{path}", _static)
        runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await runner.setup()
        sending = asyncio.create_task(self._send_receipts())
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            address = runner.addresses[0]
            self._host = f"127.0.0.1:{address[1]}"
            yield f"http://{self._host}/#token={self._token}"
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await runner.cleanup()
            await send_quietly(self._desk.receipts, self._desk.records)

    async def _send_receipts(self) -> None:
        while True:
            await asyncio.sleep(_SEND_EVERY_S)
            self._views.not_sent = await send_quietly(self._desk.receipts, self._desk.records)

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Another name for this machine (DNS rebinding) and other pages' requests are refused."""
        site = request.headers.get("Sec-Fetch-Site", "none")
        if request.host != self._host or site not in ("same-origin", "none"):
            return _problem(request, 403, "This page answers on its own address only.")
        if request.path.startswith("/api/") and not self._known(request):
            return _problem(request, 401, "Open the address that the command printed.")
        try:
            return await handler(request)
        except HallvaktError as error:
            status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 502)
            return _problem(request, status, error.message)

    def _known(self, request: web.Request) -> bool:
        given = hashlib.sha256(request.cookies.get(_COOKIE, "").encode()).digest()
        return self._cookie_hash is not None and hmac.compare_digest(given, self._cookie_hash)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """The token works once; a reload has the cookie."""
        given = (await request.content.read(200)).decode(errors="replace")
        if not self._token or not hmac.compare_digest(given.encode(), self._token.encode()):
            return _problem(request, 403, "This address was used already: start the command again.")
        self._token = ""
        cookie = secrets.token_urlsafe(32)
        self._cookie_hash = hashlib.sha256(cookie.encode()).digest()
        response = web.Response(status=204)
        response.set_cookie(_COOKIE, cookie, httponly=True, samesite="Strict", path="/")
        return response


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers.pop("Server", None)


async def _static(request: web.Request) -> web.StreamResponse:
    name, kind = _STATIC[request.path.removeprefix("/")]
    file = resources.files(__package__) / "static" / name
    content = await asyncio.to_thread(file.read_bytes)
    return web.Response(body=content, content_type=kind, charset="utf-8")


def _problem(request: web.Request, status: int, detail: str) -> web.Response:
    detail = in_language(request.headers.get("Accept-Language", ""), detail)
    return web.Response(
        status=status,
        body=msgspec.json.encode({"status": status, "detail": detail}),
        content_type="application/problem+json",
    )
