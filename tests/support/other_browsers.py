"""Browsers of other engines than Chromium's, driven through the W3C's own protocols: Firefox by
WebDriver BiDi, WebKitGTK by WebDriver. Only what a visit needs: open an address, run a script, take
a picture. Each trusts the box's authority as a school's computers do; no certificate error is
ignored.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from appliance.rehearsal.free_ports import free_port

STARTS_WITHIN_S = 90
# Firefox: a camera that shows colours and a microphone that hums, allowed without a question; and
# nothing is asked of the internet.
_FIREFOX_SETTINGS = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,  # where the tests have the relay
    "intl.accept_languages": "en",
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.unified": False,
}
_WEBKIT = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
_WEBKIT_FLAGS = (
    "--automation",
    "--enable-media-stream=true",
    "--enable-mock-capture-devices=true",
    "--features=-MockCaptureDevicesPrompt",
)
# WebKitGTK reads what it trusts from one file of the system. In a mount namespace of its own that
# file is the box's authority and nothing else.
_TRUSTING = """set -e
mount --bind "$1" /etc/ssl/certs/ca-certificates.crt
exec WebKitWebDriver --port="$2"
"""


class OtherBrowser(Protocol):
    async def goto(self, url: str) -> None: ...

    async def run(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited. JSON in, JSON out."""

    async def picture(self) -> bytes:
        """The visible part of the page, as PNG."""


async def until(browser: OtherBrowser, condition: str, timeout_s: float = 60) -> Any:
    """Wait until the JavaScript expression is true; return its value."""
    async with asyncio.timeout(timeout_s):
        while True:
            if value := await browser.run(condition):
                return value
            await asyncio.sleep(0.1)


@contextlib.contextmanager
def _process(*command: str, env: dict[str, str], log: Path) -> Any:
    """A process and all it starts, ended with the block."""
    with log.open("wb") as file:
        made = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGKILL)
        made.wait()


async def _said(log: Path, pattern: str) -> str:
    """Wait until the process wrote what the pattern's group matches."""
    async with asyncio.timeout(STARTS_WITHIN_S):
        while True:
            written = await asyncio.to_thread(log.read_text, errors="replace")
            if match := re.search(pattern, written):
                return match[1]
            await asyncio.sleep(0.1)


class _Firefox:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number, self._context = socket, 0, ""

    async def begin(self) -> None:
        await self._ask("session.new", capabilities={})
        tree = await self._ask("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]
        await self._ask(
            "browsingContext.setViewport",
            context=self._context,
            viewport={"width": 1280, "height": 800},
        )

    async def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json(timeout=60)
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                return answer["result"]

    async def goto(self, url: str) -> None:
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def run(self, expression: str) -> Any:
        found = await self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    async def picture(self) -> bytes:
        taken = await self._ask("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(taken["data"])


def _make_profile(profile: Path, authority: Path) -> None:
    database = ("certutil", "-d", f"sql:{profile}")
    trust = ("-A", "-t", "C,,", "-n", "box", "-i", str(authority))
    for arguments in (("-N", "--empty-password"), trust):
        subprocess.run([*database, *arguments], check=True)
    lines = (
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in _FIREFOX_SETTINGS.items()
    )
    (profile / "user.js").write_text("".join(lines))


@contextlib.asynccontextmanager
async def open_firefox(authority: Path) -> AsyncIterator[OtherBrowser]:
    with tempfile.TemporaryDirectory(
        prefix="hallvakt-firefox-", ignore_cleanup_errors=True
    ) as made:
        profile, log = Path(made), Path(made) / "log"
        await asyncio.to_thread(_make_profile, profile, authority)
        command = ("firefox-esr", "--headless", "--no-remote", "--remote-debugging-port=0")
        env = {**os.environ, "HOME": str(profile)}
        with _process(*command, "--profile", str(profile), env=env, log=log):
            address = await _said(log, r"WebDriver BiDi listening on (ws://\S+)")
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{address}/session", max_msg_size=0) as socket,
            ):
                browser = _Firefox(socket)
                await browser.begin()
                yield browser


class _WebKit:
    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session, self._address = session, address

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        json_body = body if method == "POST" else None
        async with self._session.request(method, f"{self._address}{path}", json=json_body) as got:
            answer = (await got.json())["value"]
            assert got.status == 200, answer
            return answer

    async def begin(self) -> None:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while True:
                if await self._listens():
                    break
                await asyncio.sleep(0.1)
        options = {"binary": _WEBKIT, "args": list(_WEBKIT_FLAGS)}
        wanted = {"acceptInsecureCerts": False, "webkitgtk:browserOptions": options}
        made = await self.ask("POST", "/session", capabilities={"alwaysMatch": wanted})
        self._address += f"/session/{made['sessionId']}"

    async def _listens(self) -> bool:
        try:
            return bool((await self.ask("GET", "/status"))["ready"])
        except aiohttp.ClientConnectionError:
            return False

    async def goto(self, url: str) -> None:
        await self.ask("POST", "/url", url=url)

    async def run(self, expression: str) -> Any:
        script = f"return (async () => JSON.stringify((await ({expression})) ?? null))()"
        return json.loads(await self.ask("POST", "/execute/sync", script=script, args=[]))

    async def picture(self) -> bytes:
        return base64.b64decode(await self.ask("GET", "/screenshot"))


@contextlib.asynccontextmanager
async def open_webkit(authority: Path) -> AsyncIterator[OtherBrowser]:
    """Needs root, for a mount namespace."""
    with (
        tempfile.TemporaryDirectory(prefix="hallvakt-webkit-", ignore_cleanup_errors=True) as made,
        _screen(Path(made)) as display,
    ):
        log, port = Path(made) / "log", free_port()
        env = {**os.environ, "HOME": made, "DISPLAY": display, "GIO_USE_NETWORK_MONITOR": "base"}
        command: Sequence[str] = ("unshare", "--mount", "--propagation", "private")
        arguments = ("sh", "-c", _TRUSTING, "sh", str(authority), str(port))
        with _process(*command, *arguments, env=env, log=log):
            async with aiohttp.ClientSession() as session:
                browser = _WebKit(session, f"http://127.0.0.1:{port}")
                await browser.begin()
                try:
                    yield browser
                finally:
                    await browser.ask("DELETE", "")


@contextlib.contextmanager
def _screen(directory: Path) -> Any:
    """A screen that nobody sees, under the first number that is free."""
    read, write = os.pipe()
    command = ("Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp")
    with (directory / "screen.log").open("wb") as log:
        server = subprocess.Popen(command, pass_fds=(write,), stdout=log, stderr=log)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
