"""A real box, a real browser, and a camera that counts its pictures."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from appliance.rehearsal.browser import open_browser
from appliance.rehearsal.invigilator_client import InvigilatorClient
from tests.e2e.exam_room import ExamRoom
from tests.e2e.served_box import LEAD, ServedBox, served
from tests.support.browser import WatchedPage, numbered_camera, tone, watched_page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("media")
    numbered_camera(directory)
    tone(directory)
    yield directory
    shutil.rmtree(directory)  # 69 MB


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBox]:
    """One box for all tests: each holds an exam of its own on it."""
    with served(tmp_path_factory.mktemp("b")) as box:  # short: it holds Unix sockets
        yield box


@pytest.fixture
async def room(box: ServedBox) -> AsyncIterator[ExamRoom]:
    invigilator = InvigilatorClient(box.origin, await asyncio.to_thread(box.tls))
    try:
        await invigilator.login(LEAD, box.passphrase)
        room = ExamRoom(authority=box.authority, origin=box.origin, invigilator=invigilator)
        yield room
        await room.end()
    finally:
        await invigilator.close()
        await asyncio.sleep(0.25)  # aiohttp: TLS connections end a moment after their session


class OpenPage(Protocol):
    """Open a page in a browser of its own, as on another computer."""

    async def __call__(self, *, camera: bool = True) -> WatchedPage: ...


@pytest.fixture
async def open_page(room: ExamRoom, media: Path) -> AsyncIterator[OpenPage]:
    async with contextlib.AsyncExitStack() as computers:

        async def open_page(*, camera: bool = True) -> WatchedPage:
            browser = await computers.enter_async_context(
                open_browser(
                    room.authority,
                    picture=media / "camera.y4m" if camera else None,
                    sound=media / "microphone.wav" if camera else None,
                    camera=camera,
                )
            )
            context = await browser.new_context(locale="en")
            context.set_default_timeout(60_000)
            return await watched_page(context, room.origin)

        yield open_page
