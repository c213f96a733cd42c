"""Requests to Google Cloud Storage's JSON API: one connection pool, one identity, no detours."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohappyeyeballs import AddrInfoType
from yarl import URL

from appliance.adapters.cloud.google_token import GoogleToken
from appliance.adapters.cloud.paced_body import PacedBody
from appliance.adapters.cloud.retrying import RETRY_STATUS, AgainError, refused
from appliance.core.errors import Unreachable
from appliance.core.transfer import ON_ITS_WAY_BYTES, Line

_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=20, sock_read=60)
FAULTS = (aiohttp.ClientError, TimeoutError, OSError)
"""What aiohttp raises when the line fails."""


class GcsHttp:
    def __init__(self, endpoint: str, bucket: str, token: GoogleToken | None, line: Line) -> None:
        self.endpoint = endpoint
        self.bucket = quote(bucket, safe="")
        self.line = line
        self._token = token
        self._http: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def json(self, method: str, path: str, **request: Any) -> dict[str, Any] | None:
        """The reply's JSON; None for 404 (not there) and 412 (there already)."""
        try:
            async with await self.request(method, path, **request) as reply:
                if reply.status in (404, 412):
                    return None
                check(reply)
                return await described(reply)
        except FAULTS:
            raise AgainError from None

    async def request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, data: Any = None
    ) -> aiohttp.ClientResponse:
        """`path` may be a whole address, which the caller has checked. Raises `FAULTS`."""
        async with self._opening:
            if self._http is None:
                self._http = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(socket_factory=_holds_little),
                    timeout=_TIMEOUT,
                    auto_decompress=False,
                )
            token = await self._token.header() if self._token else {}
        url = path if path.startswith(self.endpoint) else self.endpoint + path
        return await self._http.request(
            method,
            URL(url, encoded=True),
            headers={**(headers or {}), **token, "Accept-Encoding": "identity"},
            data=data,
            allow_redirects=False,
        )

    def body(self, *parts: bytes | memoryview) -> PacedBody:
        return PacedBody(self.line, *parts)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None


def _holds_little(address: AddrInfoType) -> socket.socket:
    """One whose kernel takes no more from a sender than may be lost with it (socket(7): it doubles
    the figure)."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ON_ITS_WAY_BYTES // 2)
    return made


async def described(reply: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON of a reply that says what the store has; raise AgainError when it says nothing."""
    try:
        answer = await reply.json(content_type=None)
    except ValueError:
        raise AgainError from None
    if not isinstance(answer, dict):
        raise AgainError
    return answer


def check(reply: aiohttp.ClientResponse) -> None:
    if reply.status in RETRY_STATUS:
        raise AgainError
    if reply.status in (401, 403):
        raise refused()
    if reply.status >= 300:
        raise Unreachable(
            f"The object store answered {reply.status}, which this box does not understand: check "
            "cloud.endpoint and cloud.bucket."
        )
