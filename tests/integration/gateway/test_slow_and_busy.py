"""Uploads that hold memory or a connection: refused in words, and others go on."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable

import aiohttp

from appliance.core.snippet import MAX_SNIPPET_BYTES
from appliance.processes.gateway_parts import UPLOAD_BYTES
from appliance.services.ingest import COPIES
from appliance.web.bodies import JSON_SECONDS
from tests.support.box_api import BoxApi, Reply
from tests.support.tiny_webm import tiny_webm

_ALL_MEMORY = UPLOAD_BYTES // (COPIES * MAX_SNIPPET_BYTES)


def _stalled(first: bytes, go_on: asyncio.Event) -> Callable[[], AsyncIterator[bytes]]:
    async def body() -> AsyncIterator[bytes]:
        yield first
        await go_on.wait()

    return body


async def _upload(page: BoxApi, number: int, body: object, size: int) -> Reply | None:
    """None when the connection was cut before an answer."""
    headers = {
        "Content-Type": "video/webm",
        "Content-Length": str(size),
        "Content-Digest": f"sha-256=:{b64encode(bytes(32)).decode()}:",
        "Hallvakt-Started-Ms": "0",
    }
    path = f"/api/v1/attempts/me/snippets/{number}"
    try:
        return await page.ask("PUT", path, data=body, headers=headers)
    except aiohttp.ClientError:
        return None


async def test_more_than_fits_into_memory_comes_back_later(candidate: BoxApi) -> None:
    go_on = asyncio.Event()
    body = _stalled(b"\x1a\x45\xdf\xa3", go_on)
    holding = [
        asyncio.create_task(_upload(candidate, number, body(), MAX_SNIPPET_BYTES))
        for number in range(1, _ALL_MEMORY + 1)
    ]
    async with asyncio.timeout(60):
        # Small ones still fit in what is left, and are asked to slow down.
        while (await candidate.upload(1, tiny_webm(1))).json["wait_ms"] < 4_000:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    busy = await _upload(candidate, 50, body(), MAX_SNIPPET_BYTES)
    assert busy is not None
    assert (busy.status, busy.code) == (503, "busy")
    assert int(busy.headers["Retry-After"]) >= 1
    assert (await candidate.ask("GET", "/api/v1/attempts/me")).status == 200

    for task in holding:
        task.cancel()
    await asyncio.gather(*holding, return_exceptions=True)
    async with asyncio.timeout(60):
        while (await candidate.upload(1, tiny_webm(1))).json["wait_ms"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await candidate.upload(2, tiny_webm(2))).status == 201


async def test_a_body_that_does_not_come_is_not_waited_for(candidate: BoxApi) -> None:
    go_on = asyncio.Event()
    headers = {"Content-Type": "application/json", "Content-Length": "20"}
    path = "/api/v1/attempts/me/hand-in"
    began = time.monotonic()
    reply = await candidate.ask("POST", path, data=_stalled(b"{", go_on)(), headers=headers)
    assert (reply.status, reply.code) == (408, "too-slow")
    assert time.monotonic() - began > JSON_SECONDS - 1
    assert reply.headers["Connection"] == "close"
    assert (await candidate.ok("GET", "/api/v1/attempts/me"))["attempt_state"] == "recording"
