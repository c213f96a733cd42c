"""Uploads that hold memory or a connection: refused in words, and others go on."""

from __future__ import annotations

import asyncio
import gzip
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
import pytest_asyncio

from appliance.core.settings import Capture
from appliance.core.snippet import MAX_SNIPPET_BYTES
from appliance.core.upload_allowance import AT_ONCE_S, TIMES
from appliance.processes.gateway_parts import UPLOAD_BYTES
from appliance.rehearsal.page_key import PageKey
from appliance.services.ingest import COPIES
from appliance.services.upload_share import UNDER_WAY
from appliance.web.bodies import JSON_SECONDS
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared, Reply
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


@pytest_asyncio.fixture
async def class_of(box: RealBox, lead: BoxApi) -> list[BoxApi]:
    """One more seat than it takes to fill the memory for uploads."""
    seats = [f"A{number}" for number in range(_ALL_MEMORY // UNDER_WAY + 2)]
    lines = [f"Canary {seat},{n},{seat},Aula,0" for n, seat in enumerate(seats)]
    exam = await box.new_exam(
        lead, roster="\n".join(["name,number,seat,hall,extra_minutes", *lines, ""])
    )
    pages = []
    for seat in seats:
        page = box.api()
        assert (await page.join(exam.code, exam.seats[seat], PageKey())).status == 201
        await page.check_in()
        pages.append(page)
    return pages


async def test_more_than_fits_into_memory_comes_back_later(class_of: list[BoxApi]) -> None:
    candidate, *others = class_of
    go_on = asyncio.Event()
    body = _stalled(b"\x1a\x45\xdf\xa3", go_on)
    holding = [
        asyncio.create_task(_upload(others[n // UNDER_WAY], 1 + n, body(), MAX_SNIPPET_BYTES))
        for n in range(_ALL_MEMORY)
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


async def test_one_seat_cannot_hold_the_memory_of_all(class_of: list[BoxApi]) -> None:
    good, bad = class_of[:2]
    body = _stalled(b"\x1a\x45\xdf\xa3", asyncio.Event())
    holding = [
        asyncio.create_task(_upload(bad, 1 + n, body(), MAX_SNIPPET_BYTES))
        for n in range(_ALL_MEMORY)
    ]
    turned_away = set[asyncio.Task[Reply | None]]()
    async with asyncio.timeout(60):
        while len(turned_away) < _ALL_MEMORY - UNDER_WAY:
            pending = set(holding) - turned_away
            done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            turned_away |= done
    answers = [task.result() for task in turned_away]
    assert {(a.status, a.code) for a in answers if a} == {(503, "busy")}
    assert (await good.upload(1, tiny_webm(1))).status == 201
    for task in holding:
        task.cancel()
    await asyncio.gather(*holding, return_exceptions=True)


async def test_one_seat_cannot_fill_the_disk_of_all(class_of: list[BoxApi]) -> None:
    """Whatever it sends, for what is refused costs as much to take."""
    good, bad = class_of[:2]
    began, uploads = time.monotonic(), 0
    while (reply := await bad.upload(1, b"no video")).status == 415:
        uploads += 1
    assert (reply.status, reply.code) == (503, "busy")
    assert int(reply.headers["Retry-After"]) >= 1
    most_s = AT_ONCE_S + TIMES * (time.monotonic() - began)
    assert uploads <= most_s / Capture().snippet_seconds + 1
    assert (await good.upload(1, tiny_webm(1))).status == 201


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


async def test_one_page_cannot_flood_the_consoles(
    lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    at_once, a_second, further = 300, 10, 10
    heard = 0
    async with (
        asyncio.timeout(60),
        lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed,
        candidate.websocket("/api/v1/attempts/me/channel") as channel,
    ):
        began = time.monotonic()
        for waiting in range(1, 2_000):
            await channel.send_json({"kind": "spool", "waiting": waiting})
        while heard < at_once + further:
            message = await feed.receive_json()
            if message["kind"] == "seat":
                heard = max(heard, message["data"]["spool"] or 0)
        assert time.monotonic() - began >= further / a_second - 0.1
        assert (await candidate.upload(1, tiny_webm(1))).status == 201


async def test_one_page_cannot_repeat_its_answers_for_ever(candidate: BoxApi) -> None:
    path, here = "/api/v1/attempts/me/devices", {"camera": True, "microphone": False}
    began, answered = time.monotonic(), 0
    while (reply := await candidate.ask("POST", path, json=here)).status == 200:
        answered += 1
    assert (reply.status, reply.code) == (429, "throttled")
    assert answered <= 60 + 0.5 * (time.monotonic() - began)
    assert (await candidate.upload(1, tiny_webm(1))).status == 201  # footage is not held up by it


# A name each: gzip writes the time into its head, and two workers would see two names.
@pytest.mark.parametrize(
    "body", [gzip.compress(b"{}"), b"\x1f\x8b\x08 broken"], ids=["whole", "broken"]
)
async def test_a_compressed_body_is_not_unpacked(candidate: BoxApi, body: bytes) -> None:
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    path = "/api/v1/attempts/me/ready"
    reply = await candidate.ask("POST", path, data=body, headers=packed)
    assert (reply.status, reply.code) == (400, "bad-json")
    headers = {"Content-Encoding": "gzip", "Content-Type": "video/webm"}
    headers |= {"Content-Digest": f"sha-256=:{b64encode(bytes(32)).decode()}:"}
    headers |= {"Hallvakt-Started-Ms": "0"}
    path = "/api/v1/attempts/me/snippets/1"
    reply = await candidate.ask("PUT", path, data=body, headers=headers)
    assert (reply.status, reply.code) == (400, "digest-mismatch")
