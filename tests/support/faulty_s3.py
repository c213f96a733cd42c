"""A real S3 server behind a proxy that spoils what it is told to, request by request.

Requests reach the server as they were signed. `faults` are taken one per request that ends an
object (a `PutObject`, a `CompleteMultipartUpload`): `lost` drops the line after the server has done
it and before the reply, `checksum` lets another checksum stand in the reply, `body` changes a byte
on the way, a number is answered instead of asking the server.
"""

from __future__ import annotations

import io
import re
from types import TracebackType
from typing import Self

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

_OTHER = "AAAAAA=="  # the CRC-32C of nothing
_CHECKSUM = "x-amz-checksum-crc32c"
_IN_XML = re.compile(rb"(<ChecksumCRC32C>)[^<]*")
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding"})


class FaultyS3:
    """`ended` are the requests that ended an object, `body_bytes` what came of all bodies."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.faults: list[str | int] = []
        self.ended: list[str] = []
        self.body_bytes = 0
        self._server: TestServer | None = None
        self._client: ClientSession | None = None

    @property
    def endpoint(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("")).rstrip("/")

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._client = ClientSession(auto_decompress=False)
        self._server = TestServer(application)
        await self._server.start_server()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        assert self._client is not None
        await self._client.close()
        await self._server.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        assert self._client is not None
        body = await request.read()
        self.body_bytes += len(body)
        fault = self._fault(request)
        if isinstance(fault, int):
            return web.Response(status=fault)
        if fault == "body":
            body = bytes([body[0] ^ 1]) + body[1:]
        async with self._client.request(
            request.method,
            URL(self._endpoint + request.raw_path, encoded=True),
            headers=request.headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
        ) as reply:
            content = await reply.read()
            headers = {k: v for k, v in reply.headers.items() if k.lower() not in _HOP}
            if request.method == "HEAD":  # of what it is about: there is no body
                headers["Content-Length"] = reply.headers["Content-Length"]
        if fault == "lost":
            assert request.transport is not None
            request.transport.close()
        if fault == "checksum":
            headers = {k: _OTHER if k.lower() == _CHECKSUM else v for k, v in headers.items()}
            content = _IN_XML.sub(rb"\g<1>" + _OTHER.encode(), content)
        return web.Response(status=reply.status, headers=headers, body=content)

    def _fault(self, request: web.Request) -> str | int | None:
        put = request.method == "PUT" and "partNumber" not in request.query
        completed = request.method == "POST" and "uploadId" in request.query
        if not put and not completed:
            return None
        self.ended.append(request.method)
        return self.faults.pop(0) if self.faults else None
