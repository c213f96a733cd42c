"""What every answer tells the browser not to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

# Pages load nothing from anywhere but the box; `blob:` is the page's own camera preview.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob: mediastream:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(), geolocation=()",
}


_TLS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}


def security_headers(
    *, tls_alone: bool
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For `on_response_prepare`. `tls_alone`: browsers never come to this host without TLS again
    (RFC 6797), at whatever port. Nothing of the API may lie in a cache."""
    told = _HEADERS | _TLS_ALONE if tls_alone else _HEADERS

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in told.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.pop("Server", None)

    return add
