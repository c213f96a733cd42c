"""Promise 2, sockets: each kind that stays open is cut within two seconds of losing its right."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi
from tests.support.stopwatch import Stopwatch

WITHIN_S = 2.0
PASSPHRASE = "en lösenfras som räcker till"


@pytest_asyncio.fixture
async def box() -> AsyncIterator[RealBox]:
    directory = Path(tempfile.mkdtemp(prefix="hvp2-"))
    served = RealBox(directory / "box", free_port())
    await asyncio.to_thread(served.make)
    try:
        await served.start()
        yield served
    finally:
        await served.stop()
        await asyncio.to_thread(shutil.rmtree, directory)


async def _cut(
    socket: aiohttp.ClientWebSocketResponse, loses: Callable[[], Awaitable[Any]]
) -> None:
    """Once it has said something, and not before its right is lost."""
    assert (await socket.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT
    assert not socket.closed
    await loses()
    with Stopwatch() as watch:
        while (await socket.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert watch.seconds < WITHIN_S
    assert socket.close_code is not None


async def _sitting(box: RealBox, code: str, seat_code: str) -> tuple[BoxApi, str]:
    page = box.api()
    joined = await page.join(code, seat_code, PageKey())
    await page.check_in()
    return page, str(joined.json["attempt"])


async def test_every_kind_of_socket(box: RealBox) -> None:
    lead = await box.login()
    exam = await box.new_exam(lead, SETTINGS + "live_view = true\n")
    base = f"/api/v1/exams/{exam.exam}"
    page, attempt = await _sitting(box, exam.code, exam.seats["A1"])
    other, _ = await _sitting(box, exam.code, exam.seats["A2"])
    sockets = {"feed": f"{base}/feed", "live": f"{base}/attempts/{attempt}/live"}

    async with page.websocket("/api/v1/attempts/me/channel") as channel:
        for path in sockets.values():  # the person logs out
            who = await box.login()
            async with who.websocket(path) as socket:
                await _cut(socket, lambda who=who: who.ok("POST", "/api/v1/logout"))  # type: ignore[misc]
        for number, path in enumerate(sockets.values()):  # the person is removed
            new = {
                "name": f"vakt{number}", "role": "invigilator", "passphrase": PASSPHRASE,
                "second_factor": False, "exams": [exam.exam], "halls": None, "all_exams": False,
            }  # fmt: skip
            made = await lead.ok("POST", "/api/v1/users", json=new)
            vakt = await box.login(f"vakt{number}", PASSPHRASE)
            async with vakt.websocket(path) as socket:
                remove = f"/api/v1/users/{made['user_id']}"
                await _cut(socket, lambda remove=remove: lead.ok("DELETE", remove))  # type: ignore[misc]
        # The seat is given to somebody else: the page that had it hears nothing more.
        release = {"act": "release_seat"}
        await _cut(
            channel, lambda: lead.ok("POST", f"{base}/attempts/{attempt}/acts", json=release)
        )

    # The candidate leaves the computer: the next person at it hears nothing.
    await other.ok("POST", "/api/v1/attempts/me/hand-in", json={"last_sequence": 0})
    async with other.websocket("/api/v1/attempts/me/channel") as channel:
        await _cut(channel, lambda: other.ok("POST", "/api/v1/attempts/me/leave"))
