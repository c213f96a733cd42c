"""A scripted box on a Unix socket, and a console in front of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from blockbuster import BlockBuster
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from appliance.core.feed import HallSnapshot
from tests.tui import halls
from tests.tui.scripted_box import ScriptedBox
from tests.tui.steady_pilot import SteadyPilot
from tui.app import ConsoleApp
from tui.box_clock import BoxClock
from tui.client import BoxClient
from tui.language import speak
from tui.screens.hall import HallScreen
from tui.shift import Shift
from tui.target import Target

PASSPHRASE = ("r", "i", "g", "h", "t", "space", "h", "o", "r", "s", "e")
QUICK_PAUSES = (0.05,)
SIZE = (120, 40)


@pytest.fixture(autouse=True)
def start_reads_files(blocking_fails: BlockBuster) -> None:
    """A console reads its style sheets once, before anything is shown; all else must not block."""
    for function in blocking_fails.functions.values():
        function.can_block_in("textual/app.py", {"__init__", "_init_mode"})


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are drawn; pictures must not depend on where the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def swedish() -> Iterator[None]:
    """The console speaks Swedish in this test."""
    speak("sv")
    yield
    speak("en")


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """Short enough for sun_path, wherever the tests keep their files."""
    with TemporaryDirectory(prefix="hv-") as directory:
        yield Path(directory) / "box.sock"


@pytest.fixture
def snapshot_of_hall() -> HallSnapshot:
    """What the box shows; tests parametrise or override this."""
    return halls.usual_hall()


@pytest.fixture
async def box(socket_path: Path, snapshot_of_hall: HallSnapshot) -> AsyncIterator[ScriptedBox]:
    scripted = ScriptedBox(snapshot_of_hall, now_ms=halls.NOW_MS)
    give_pictures(scripted)
    await scripted.start(socket_path)
    yield scripted
    await scripted.stop()


def give_pictures(box: ScriptedBox) -> None:
    """Every seat a photo, stills and eleven snippets, the newest 10 s old."""
    box.thumbnail = halls.picture()
    box.portrait = halls.picture(shade=60)
    box.stills = [(1.6 * n, halls.picture(shade=20 * n)) for n in range(6)]
    for attempt in box.view.seats:
        box.snippets[attempt] = [
            {"sequence": n, "started_ms": halls.NOW_MS - (251 - n) * 10_000, "duration_s": 10.0}
            for n in range(240, 251)
        ]


@pytest.fixture
async def client(box: ScriptedBox, socket_path: Path) -> AsyncIterator[BoxClient]:
    async with BoxClient(Target(socket=socket_path)) as connected:
        yield connected


@pytest.fixture
def shift(box: ScriptedBox, client: BoxClient) -> Shift:
    return Shift(
        client=client,
        clock=BoxClock(lambda: halls.NOW_MS),
        user="ingrid",
        exam_code=halls.exam().code,
        feed_pauses_s=QUICK_PAUSES,
    )


Console = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def console(shift: Shift) -> Console:
    """A console at its login screen: `async with console(size) as pilot`."""

    @asynccontextmanager
    async def running(size: tuple[int, int] = SIZE) -> AsyncIterator[Pilot[None]]:
        app = ConsoleApp(shift)
        async with app.run_test(size=size):
            pilot = SteadyPilot(app)
            await pilot.settled()
            yield pilot

    return running


@pytest.fixture
def in_hall(console: Console) -> Console:
    """A console that has logged in and follows the hall."""

    @asynccontextmanager
    async def running(size: tuple[int, int] = SIZE) -> AsyncIterator[Pilot[None]]:
        async with console(size) as pilot:
            await log_in(pilot)
            await until(pilot, lambda: hall_is_shown(pilot))
            yield pilot

    return running


async def log_in(pilot: Pilot[None]) -> None:
    """The passphrase at once, as from a password manager: each key costs a test 50 ms."""
    pilot.app.screen.query_one("#passphrase", Input).value = "right horse"
    await pilot.press("enter")


def hall_is_shown(pilot: Pilot[None]) -> bool:
    screen = pilot.app.screen
    return isinstance(screen, HallScreen) and bool(screen.hall.view.seats)


async def until(
    pilot: Pilot[None], condition: Callable[[], bool], *, within_s: float = 60.0
) -> None:
    """Let the console work until `condition` holds; fail when it does not in time."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"did not happen within {within_s} s"
        await pilot.pause(0.02)
    if isinstance(pilot, SteadyPilot):
        await pilot.settled()  # what showed it may still be at work


async def press_for(pilot: Pilot[None], key: str, screen: type[Screen[Any]]) -> None:
    """Press a key and wait for the screen it leads to, perhaps only after the box was asked."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


def said(pilot: Pilot[None]) -> str:
    """The sentences in the corner of the screen."""
    return "\n".join(notification.message for notification in pilot.app._notifications)


def drawn(pilot: Pilot[None]) -> str:
    """The words on the screen right now."""
    screen = pilot.app.screen
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in screen._compositor.render_strips()
    )
