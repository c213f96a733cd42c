"""Plain HTTP to a box, for tests: every answer as it came, and candidates with a page's key."""

from __future__ import annotations

import hashlib
import io
import json as json_module
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from appliance.rehearsal.page_key import PageKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json_module.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An exam and its seat codes by seat."""

    exam: str
    code: str
    seats: dict[str, str]


Validate = Callable[[Asked, Reply], None]


class BoxApi:
    """`validate` sees every request and answer (the OpenAPI check of the integration tests)."""

    def __init__(
        self,
        origin: str,
        tls: ssl.SSLContext | None,
        *,
        token: str | None = None,
        unix: Path | None = None,
        resolver: AbstractResolver | None = None,
        validate: Validate | None = None,
    ) -> None:
        self.origin = origin
        self.token = token
        self._tls = tls
        self._unix = unix
        self._resolver = resolver
        self._validate = validate
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector: aiohttp.BaseConnector
            if self._unix is not None:
                connector = aiohttp.UnixConnector(path=str(self._unix))
            else:
                tls = self._tls if self._tls else True
                connector = aiohttp.TCPConnector(ssl=tls, resolver=self._resolver)
            self._http = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=60),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    def headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        mine = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return mine | dict(more or {})

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = self.headers(headers)
        if json is not None:
            data = json_module.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        # aiohttp warns of large bytes: they would be written to the socket at one go.
        body = io.BytesIO(data) if isinstance(data, bytes) else data
        async with self.http.request(
            method, self.origin + path, data=body, params=params, headers=sent
        ) as answer:
            reply = Reply(
                status=answer.status, headers=dict(answer.headers), body=await answer.read()
            )
        if self._validate is not None and (data is None or isinstance(data, bytes)):
            asked = Asked(
                method=method, path=path, query=params or {}, headers=sent, body=data or b""
            )
            self._validate(asked, reply)
        return reply

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        """The decoded answer of a request that must succeed."""
        reply = await self.ask(method, path, **options)
        assert reply.status < 300, f"{method} {path}: {reply.status} {reply.body[:500]!r}"
        return reply.json if reply.body else None

    def websocket(self, path: str, **options: Any) -> Any:
        """Async context manager of a ClientWebSocketResponse."""
        headers = self.headers(options.pop("headers", None))
        return self.http.ws_connect(self.origin + path, headers=headers, **options)

    # --- a candidate ----------------------------------------------------------------------------

    async def join(self, exam_code: str, seat_code: str, key: PageKey) -> Reply:
        """With a fresh challenge. Keeps the token when it worked."""
        nonce = (await self.ok("POST", "/api/v1/join/challenge"))["nonce"]
        reply = await self.join_with(exam_code, seat_code, key, nonce)
        if reply.status == 201:
            self.token = reply.json["token"]
        return reply

    async def join_with(self, exam_code: str, seat_code: str, key: PageKey, nonce: str) -> Reply:
        return await self.ask(
            "POST",
            "/api/v1/join",
            json={
                "exam_code": exam_code,
                "seat_code": seat_code,
                "nonce": nonce,
                "public_key": key.public(),
                "signature": key.sign_join(exam_code, seat_code, nonce),
            },
        )

    async def check_in(self) -> None:
        """Notice acknowledged, camera there, ready."""
        notice = await self.ok("GET", "/api/v1/attempts/me/notice", params={"language": "sv"})
        answer = {"version": notice["version"], "answer": "acknowledged"}
        await self.ok("POST", "/api/v1/attempts/me/notice", json=answer)
        devices = {"camera": True, "microphone": False}
        await self.ok("POST", "/api/v1/attempts/me/devices", json=devices)
        await self.ok("POST", "/api/v1/attempts/me/ready")

    async def upload(
        self,
        sequence: int,
        media: bytes,
        *,
        digest: bytes | None = None,
        started_ms: int = 0,
        content_type: str = "video/webm",
    ) -> Reply:
        digest = digest or hashlib.sha256(media).digest()
        return await self.ask(
            "PUT",
            f"/api/v1/attempts/me/snippets/{sequence}",
            data=media,
            headers={
                "Content-Type": content_type,
                "Content-Digest": f"sha-256=:{b64encode(digest).decode()}:",
                "Hallvakt-Started-Ms": str(started_ms),
            },
        )
