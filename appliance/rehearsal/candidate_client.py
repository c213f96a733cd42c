"""The candidate's side of the HTTP API, one method a request."""

from __future__ import annotations

import hashlib
import ssl
from base64 import b64encode
from types import TracebackType
from typing import Any, Self

import aiohttp

from appliance.core.errors import HallvaktError, Unreachable
from appliance.rehearsal.page_key import PageKey

_TIMEOUT = aiohttp.ClientTimeout(total=30)


class Answered(HallvaktError):
    """The box said no: `status`, `code` and the sentence it gave; `retry_after_s` when it asked
    to come back."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: float | None) -> None:
        super().__init__(detail, code=code)
        self.status = status
        self.retry_after_s = retry_after_s


class CandidateClient:
    """Speaks to one box for one candidate. `tls` trusts the box's own authority only."""

    def __init__(self, origin: str, tls: ssl.SSLContext) -> None:
        self._origin = origin
        self._token: str | None = None
        self._http = aiohttp.ClientSession(
            timeout=_TIMEOUT, connector=aiohttp.TCPConnector(ssl=tls, limit=4)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        headers = self._headers() | options.pop("headers", {})
        try:
            async with self._http.request(
                method, f"{self._origin}/api/v1{path}", headers=headers, **options
            ) as reply:
                body: dict[str, Any] = await reply.json(content_type=None) or {}
                if reply.status < 400:
                    return body
                wait = reply.headers.get("Retry-After")
                raise Answered(
                    reply.status,
                    str(body.get("code", "error")),
                    str(body.get("detail", reply.reason)),
                    float(wait) if wait else None,
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as lost:
            raise Unreachable(f"The box did not answer: {lost}") from lost

    async def join(self, exam_code: str, seat_code: str, key: PageKey) -> dict[str, Any]:
        nonce = (await self._call("POST", "/join/challenge", json={}))["nonce"]
        joined = await self._call(
            "POST",
            "/join",
            json={
                "exam_code": exam_code,
                "seat_code": seat_code,
                "nonce": nonce,
                "public_key": key.public(),
                "signature": key.sign_join(exam_code, seat_code, nonce),
            },
        )
        self._token = str(joined["token"])
        return joined

    async def status(self) -> dict[str, Any]:
        return await self._call("GET", "/attempts/me")

    async def notice(self, language: str) -> dict[str, Any]:
        return await self._call("GET", "/attempts/me/notice", params={"language": language})

    async def answer_notice(self, version: str, answer: str = "acknowledged") -> None:
        await self._call("POST", "/attempts/me/notice", json={"version": version, "answer": answer})

    async def devices(self, *, camera: bool, microphone: bool) -> None:
        await self._call(
            "POST", "/attempts/me/devices", json={"camera": camera, "microphone": microphone}
        )

    async def portrait(self, jpeg: bytes) -> dict[str, Any]:
        return await self._call(
            "PUT",
            "/attempts/me/portrait",
            data=jpeg,
            headers={"Content-Type": "image/jpeg"},
        )

    async def ready(self) -> None:
        await self._call("POST", "/attempts/me/ready", json={})

    async def upload(self, sequence: int, media: bytes, started_ms: int) -> dict[str, Any]:
        digest = b64encode(hashlib.sha256(media).digest()).decode()
        return await self._call(
            "PUT",
            f"/attempts/me/snippets/{sequence}",
            data=media,
            headers={
                "Content-Type": "video/webm",
                "Content-Digest": f"sha-256=:{digest}:",
                "Hallvakt-Started-Ms": str(started_ms),
            },
        )

    async def hand_in(self, last_sequence: int) -> None:
        await self._call("POST", "/attempts/me/hand-in", json={"last_sequence": last_sequence})

    async def channel(self) -> aiohttp.ClientWebSocketResponse:
        try:
            return await self._http.ws_connect(
                f"{self._origin}/api/v1/attempts/me/channel",
                headers=self._headers(),
                heartbeat=10,
            )
        except (aiohttp.ClientError, TimeoutError) as lost:
            raise Unreachable(f"The box did not answer: {lost}") from lost
