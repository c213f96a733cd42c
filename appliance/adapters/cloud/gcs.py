"""`ports.ObjectCloud` on Google Cloud Storage's JSON API.

One multipart POST per object, create only (`ifGenerationMatch=0`), with the CRC-32C in the
metadata so that the store refuses what arrived damaged; the size and checksum of the final reply
are compared all the same, because an upload counts as done only by what the store says it has.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from appliance.adapters.cloud.endpoint import checked_url, is_loopback
from appliance.adapters.cloud.google_token import GoogleToken
from appliance.adapters.cloud.names import check_name, crc32c
from appliance.core.errors import (
    Conflict,
    IntegrityFailure,
    NotFound,
    Refused,
    Unreachable,
    WrongConfiguration,
)
from appliance.core.ports import RemoteObject

GOOGLE = "https://storage.googleapis.com"
_CHUNK = 64 * 1024
_RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=20, sock_read=60)
T = TypeVar("T")


class _Again(Exception):
    """Worth another try: the line or the store faltered."""


class GcsObjects:
    def __init__(
        self,
        bucket: str,
        *,
        endpoint: str = GOOGLE,
        credentials_file: Path | None = None,
        pauses_s: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0),
    ) -> None:
        """`pauses_s`: how long to wait before each further try of a request that failed.

        Raise WrongConfiguration for an endpoint without TLS, or without credentials, unless it
        is on this machine.
        """
        self._endpoint = checked_url(endpoint)
        self._bucket = quote(bucket, safe="")
        self._token = GoogleToken.from_file(credentials_file) if credentials_file else None
        if self._token is None and not is_loopback(urlsplit(self._endpoint).hostname or ""):
            raise WrongConfiguration(
                "Name the service account's key file in cloud.credentials_file: the object store "
                "takes nothing from strangers."
            )
        self._pauses_s = pauses_s
        self._http: aiohttp.ClientSession | None = None

    async def location(self) -> str:
        reply = await self._retried(lambda: self._json("GET", f"/storage/v1/b/{self._bucket}"))
        if reply is None:
            raise WrongConfiguration(
                "The bucket does not exist or may not be seen: check cloud.bucket and what the "
                "service account may do."
            )
        # Upper case as Google writes it; never the words of a directory on site.
        return str(reply.get("location", "")).upper()

    async def put(self, name: str, content: bytes) -> RemoteObject:
        check_name(name)
        checksum = crc32c(content)
        reply = await self._retried(lambda: self._upload(name, content, checksum))
        # None: the name exists. After a lost reply that is our own earlier try.
        remote = _remote(name, reply) if reply is not None else await self.stat(name)
        if remote is None:
            raise Unreachable("The object store contradicts itself: try again later.")
        if (remote.size, remote.crc32c) != (len(content), checksum):
            if reply is None:
                raise Conflict("An object of that name with other content is stored already.")
            raise IntegrityFailure(
                "The object store has something else than was sent: the line or the store is "
                "damaging data. Ask the technician."
            )
        return remote

    async def stat(self, name: str) -> RemoteObject | None:
        path = self._object(check_name(name))
        reply = await self._retried(lambda: self._json("GET", path))
        return None if reply is None else _remote(name, reply)

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        path = self._object(check_name(name)) + "?alt=media"
        headers = {}
        if length == 0:
            return b""
        if start or length is not None:
            last = "" if length is None else str(start + length - 1)
            headers["Range"] = f"bytes={start}-{last}"

        async def fetch() -> bytes:
            async with await self._request("GET", path, headers=headers) as reply:
                if reply.status == 404:
                    raise NotFound("There is no such object in the object store.")
                if reply.status == 416:
                    return b""
                await _check(reply)
                return await reply.read()

        return await self._retried(fetch)

    async def delete(self, name: str) -> None:
        path = self._object(check_name(name))

        async def remove() -> None:
            async with await self._request("DELETE", path) as reply:
                if reply.status != 404:
                    await _check(reply)

        await self._retried(remove)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _object(self, name: str) -> str:
        return f"/storage/v1/b/{self._bucket}/o/{quote(name, safe='')}"

    async def _upload(self, name: str, content: bytes, checksum: str) -> dict[str, Any] | None:
        """The store's description of the new object, None when the name was taken."""
        boundary = secrets.token_hex(16)
        about = json.dumps({"name": name, "crc32c": checksum})
        head = (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{about}\r\n"
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()

        async def body() -> AsyncIterator[bytes]:
            yield head
            for at in range(0, len(content), _CHUNK):
                yield content[at : at + _CHUNK]
            yield tail

        return await self._json(
            "POST",
            f"/upload/storage/v1/b/{self._bucket}/o?uploadType=multipart&ifGenerationMatch=0",
            headers={
                "Content-Type": f"multipart/related; boundary={boundary}",
                "Content-Length": str(len(head) + len(content) + len(tail)),
            },
            data=body(),
        )

    async def _json(self, method: str, path: str, **request: Any) -> dict[str, Any] | None:
        """The reply's JSON; None for 404 (not there) and 412 (there already)."""
        async with await self._request(method, path, **request) as reply:
            if reply.status in (404, 412):
                return None
            await _check(reply)
            try:
                answer = await reply.json(content_type=None)
            except ValueError:
                raise _Again from None
            if not isinstance(answer, dict):
                raise _Again
            return answer

    async def _request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, data: Any = None
    ) -> aiohttp.ClientResponse:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False)
        token = await self._token.header() if self._token else {}
        return await self._http.request(
            method,
            URL(self._endpoint + path, encoded=True),
            headers={**(headers or {}), **token, "Accept-Encoding": "identity"},
            data=data,
            allow_redirects=False,
        )

    async def _retried(self, act: Callable[[], Awaitable[T]]) -> T:
        for pause in (*self._pauses_s, None):
            try:
                return await act()
            except (aiohttp.ClientError, TimeoutError, OSError, _Again):
                if pause is None:
                    break
                await asyncio.sleep(pause)
        raise Unreachable("The object store cannot be reached: check the line; sync goes on later.")


async def _check(reply: aiohttp.ClientResponse) -> None:
    if reply.status in _RETRY_STATUS:
        raise _Again
    if reply.status in (401, 403):
        raise Refused(
            "The object store refuses this box: check the service account and what it may do.",
            code="cloud-access",
        )
    if reply.status >= 300:
        raise Unreachable(
            f"The object store answered {reply.status}, which this box does not understand: check "
            "cloud.endpoint and cloud.bucket."
        )


def _remote(name: str, reply: dict[str, Any]) -> RemoteObject:
    """What the store says; a reply without size or checksum matches nothing."""
    return RemoteObject(
        name=name, size=int(reply.get("size", -1)), crc32c=str(reply.get("crc32c", ""))
    )
