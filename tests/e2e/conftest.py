"""A real box, a real browser, and a camera that counts its pictures."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from appliance.rehearsal.browser import CHROMIUM, open_browser
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.invigilator_client import InvigilatorClient
from tests.e2e.exam_room import ExamRoom
from tests.e2e.served_box import LEAD, ServedBox, served
from tests.support.browser import WatchedPage, numbered_camera, tone, watched_page
from tests.support.candidate_network import BOX_ADDRESS, CandidateNetwork


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
    directory = tmp_path_factory.mktemp("b")  # short: it holds Unix sockets
    with served(directory, before=_phones_may_film, network=BOX_ADDRESS) as box:
        yield box


def _phones_may_film(state: Path) -> None:
    """As where the school's certificate is one that every phone trusts."""
    config = state / "box.toml"
    text = config.read_text()
    assert "public_certificate = false" in text
    config.write_text(text.replace("public_certificate = false", "public_certificate = true"))


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

    async def __call__(
        self,
        *,
        camera: bool = True,
        tabs: bool = False,
        network: CandidateNetwork | None = None,
    ) -> WatchedPage:
        """`tabs`: in a window as people have one, where what is not in front is out of sight; its
        driver elsewhere tells every page that it is seen."""


@pytest.fixture
async def open_page(room: ExamRoom, media: Path) -> AsyncIterator[OpenPage]:
    async with contextlib.AsyncExitStack() as computers:

        async def open_page(
            *,
            camera: bool = True,
            tabs: bool = False,
            network: CandidateNetwork | None = None,
        ) -> WatchedPage:
            port = free_port()
            browser = await computers.enter_async_context(
                open_browser(
                    room.authority,
                    picture=media / "camera.y4m" if camera else None,
                    sound=media / "microphone.wav" if camera else None,
                    camera=camera,
                    executable=network.browser if network else Path(CHROMIUM),
                    more_flags=[f"--remote-debugging-port={port}", "--lang=en"] if tabs else [],
                )
            )
            if tabs:
                address = f"http://127.0.0.1:{port}"
                window = await browser.browser_type.connect_over_cdp(
                    address, timeout=120_000, no_defaults=True
                )
                [context] = window.contexts
            else:
                context = await browser.new_context(locale="en")
            context.set_default_timeout(60_000)
            origin = room.origin.replace("127.0.0.1", BOX_ADDRESS) if network else room.origin
            return await watched_page(context, origin)

        yield open_page
