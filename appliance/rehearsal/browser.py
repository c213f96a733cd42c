"""A candidate in a real browser: headless Chromium with a camera and a microphone made of files.

The browser trusts the box's own authority the way a school's computers do, through a certificate
database of its own profile; no certificate error is ignored. Playwright is imported only when a
browser is opened: a box does not have it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from appliance.core.errors import Unreachable
from appliance.rehearsal.simulated_candidate import Tally

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

CHROMIUM = "/usr/bin/chromium"

# Quiet (nothing is asked of the internet), with fake devices, and not slowed down when several
# windows hide each other, as they do on a machine that plays a whole class.
_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
)
_FAKE_DEVICES = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")

_STEP_MS = 60_000
_PRESSES = 3
_HAND_IN_MS = 90_000


def _profile(authority: Path) -> tempfile.TemporaryDirectory[str]:
    """A home directory with the certificate database that Chromium reads there. Blocks."""
    certutil = shutil.which("certutil")
    if certutil is None:
        raise Unreachable("certutil is missing: install the package libnss3-tools.")
    if shutil.which(CHROMIUM) is None:
        raise Unreachable("Chromium is missing: install the package chromium.")
    home = tempfile.TemporaryDirectory(prefix="hallvakt-browser-", ignore_cleanup_errors=True)
    database = Path(home.name) / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for arguments in (
        ("-N", "--empty-password"),
        ("-A", "-t", "C,,", "-n", "hallvakt box", "-i", str(authority)),
    ):
        made = subprocess.run([certutil, "-d", f"sql:{database}", *arguments], check=False)
        if made.returncode != 0:
            home.cleanup()
            raise Unreachable("The browser's certificate database could not be made.")
    return home


@contextlib.asynccontextmanager
async def open_browser(
    authority: Path,
    *,
    picture: Path | None = None,
    sound: Path | None = None,
    camera: bool = True,
    executable: Path = Path(CHROMIUM),
    more_flags: Sequence[str] = (),
) -> AsyncIterator[Browser]:
    """Chromium that trusts `authority` (PEM). `picture` is a y4m and `sound` a wav file, played
    in a loop as camera and microphone; without them Chromium's own test pattern. `camera=False`:
    a computer that has neither. `executable`: what starts Chromium, if not it itself. Raise
    Unreachable when there is no Chromium or no driver."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise Unreachable("Playwright is missing: install the extra `demo`.") from None
    flags = [*_FLAGS, *more_flags, *(_FAKE_DEVICES if camera else ())]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root with it
    if picture:
        flags.append(f"--use-file-for-fake-video-capture={picture}")
    if sound:
        flags.append(f"--use-file-for-fake-audio-capture={sound}")
    home = await asyncio.to_thread(_profile, authority)
    try:
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(
                executable_path=executable,
                args=flags,
                ignore_default_args=["--headless", "--mute-audio"],
                env={**os.environ, "HOME": home.name},
            )
            try:
                yield browser
            finally:
                await browser.close()
    finally:
        await asyncio.to_thread(home.cleanup)


class BrowserCandidate:
    """Walks the page as a candidate does: join link, notice, devices, photo, exam, hand in."""

    def __init__(
        self, authority: Path, *, picture: Path | None = None, sound: Path | None = None
    ) -> None:
        self._authority = authority
        self._picture = picture
        self._sound = sound
        self._open = contextlib.AsyncExitStack()
        self._page: Page | None = None
        self.tally = Tally()

    async def __aenter__(self) -> Self:
        try:
            browser = await self._open.enter_async_context(
                open_browser(self._authority, picture=self._picture, sound=self._sound)
            )
            context: BrowserContext = await browser.new_context(locale="en")
            context.set_default_timeout(_STEP_MS)
            self._page = await context.new_page()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    @property
    def page(self) -> Page:
        assert self._page is not None, "open the candidate with `async with` first"
        return self._page

    async def check_in(self, url: str) -> None:
        """From the link of the slip to the waiting room."""
        page = self.page
        await page.goto(url)
        await self.until("join")
        await page.click("#join-form button")
        await walk_to_the_room(page)

    async def until(self, *steps: str) -> str:
        """Wait for one of these steps; return which."""
        return await shown(self.page, *steps)

    async def update_tally(self) -> Tally:
        """Read the page's own count of this visit."""
        strip = self.page.locator("#strip")
        self.tally.recorded = int(await strip.get_attribute("data-recorded") or 0)
        self.tally.acknowledged = int(await strip.get_attribute("data-acknowledged") or 0)
        self.tally.bytes = int(await strip.get_attribute("data-sent-bytes") or 0)
        if self.tally.started_recording_ms is None and self.tally.recorded:
            self.tally.started_recording_ms = int(time.time() * 1000)
        return self.tally

    async def hand_in(self) -> Tally:
        """Press the button, confirm, and wait until the page says that all has arrived. When the
        exam was closed meanwhile, the page hands in by itself."""
        page = self.page
        if await self.until("room", "sending", "done") == "room":
            await page.click("#hand-in")
            await page.click("#hand-in-yes")
        await page.wait_for_function(
            "() => document.body.dataset.shown === 'done'", timeout=_HAND_IN_MS
        )
        await self.update_tally()
        self.tally.handed_in = True
        return self.tally


async def shown(page: Page, *steps: str) -> str:
    """Wait until the page shows one of `steps`; return its name."""
    found = await page.wait_for_function(
        "steps => steps.includes(document.body.dataset.shown) && document.body.dataset.shown",
        arg=list(steps),
    )
    return str(await found.json_value())


async def walk_to_the_room(page: Page, *, photos: int = 5) -> None:
    """From right after joining: acknowledge, show the devices, take up to `photos` photos."""
    while (step := await shown(page, "notice", "devices", "portrait", "room")) != "room":
        match step:
            case "notice":
                await page.wait_for_selector("#notice-body p")
                await page.click("#notice-acknowledge")
            case "devices":
                await _turn_camera_on(page)
                await page.click("#devices-good")
            case "portrait":
                await _take_photo(page, photos)
        await page.wait_for_function("step => document.body.dataset.shown !== step", arg=step)


async def _turn_camera_on(page: Page) -> None:
    """Press the button, unless the browser allows the camera already: the page then opens it by
    itself, perhaps between our look and our press. Where the page says that the camera did not
    start, press again as it asks for."""
    said = ""
    for _ in range(_PRESSES):
        await page.evaluate(
            """() => {
              if (document.getElementById("devices-check").hidden) {
                document.getElementById("devices-on").click();
              }
            }"""
        )
        answer = await page.wait_for_function(
            """() => !document.getElementById("devices-check").hidden ? "on"
              : document.getElementById("devices-problem").textContent"""
        )
        said = str(await answer.json_value())
        if said == "on":
            return
    raise Unreachable(f"The page's camera did not start: {said}")


async def _take_photo(page: Page, photos: int) -> None:
    """Until the box accepts one; as a person would, with a new one after each hint."""
    for _ in range(photos):
        await page.wait_for_function(
            "() => document.getElementById('portrait-picture').videoWidth > 0"
        )
        await page.click("#portrait-take")
        judged = await page.wait_for_function(
            "() => document.body.dataset.shown !== 'portrait' ? 'good'"
            " : document.querySelector('#portrait-said.inset p') && 'again'"
        )
        if await judged.json_value() == "good":
            return
        if await page.is_visible("#portrait-skip"):
            await page.click("#portrait-skip")
            return
        await page.click("#portrait-take")  # back to the camera
        await asyncio.sleep(0.5)
    raise Unreachable("The box accepted none of the photos that the browser took.")
