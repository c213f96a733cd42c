"""The console as a process in a real terminal (tmux), in front of the real gateway."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest

from appliance.rehearsal.page_key import PageKey
from tests.support.box import LEAD, PASSPHRASE, ROOT, running_box

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]


# Select graphic rendition with a colour: 30-49 and 90-107, also the defaults 39 and 49.
COLOUR = re.compile(rb"\x1b\[(?:[0-9;:]*[;:])?(?:[34][0-9]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")


class Terminal:
    """A tmux server of its own, 80x24."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._sent = socket.with_name("sent")

    async def tmux(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return out.decode()

    async def start(self, command: str, term: str) -> None:
        shell = f"cd {shlex.quote(str(ROOT))} && TERM={term} LANG=C.UTF-8 {command}; sleep 60"
        await self.tmux("new-session", "-d", "-x", "80", "-y", "24", shell)
        await self.tmux("pipe-pane", f"cat > {shlex.quote(str(self._sent))}")

    @property
    def coloured(self) -> bool:
        """Whether the program has sent any colour: not what tmux made of it, but its own bytes."""
        sent = self._sent.read_bytes()
        assert len(sent) > 10_000
        return COLOUR.search(sent) is not None

    async def type(self, text: str) -> None:
        await self.tmux("send-keys", "-l", text)

    async def press(self, *keys: str) -> None:
        await self.tmux("send-keys", *keys)

    async def click(self, words: str) -> None:
        """As the terminal tells of a click where it says `words`."""
        for y, line in enumerate((await self.tmux("capture-pane", "-p")).splitlines(), 1):
            if words in line:
                x = line.index(words) + 1
                await self.type(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")
                return
        raise AssertionError(f"{words!r} is not on the screen")

    async def shows(self, *texts: str, within_s: float = 90.0) -> str:
        """The screen, once one of these stands on it."""
        for _ in range(int(within_s / 0.1)):
            pane = await self.tmux("capture-pane", "-p")
            if any(text in pane for text in texts):
                return pane
            await asyncio.sleep(0.1)
        raise AssertionError(f"{texts} never came; the screen shows:\n{pane}")


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    with TemporaryDirectory(prefix="hv-") as directory:
        running = Terminal(Path(directory) / "tmux")
        yield running
        await running.tmux("kill-server")


async def hears(channel: aiohttp.ClientWebSocketResponse, kind: str, **values: Any) -> None:
    """Wait until the candidate's page is told this."""
    async with asyncio.timeout(90):
        while True:
            message: dict[str, Any] = await channel.receive_json()
            if message["kind"] == kind and values.items() <= message.items():
                return


@pytest.mark.parametrize("term", ["xterm-256color", "screen", "vt100"])
async def test_from_login_to_close_by_keys(terminal: Terminal, term: str) -> None:
    """Also with sixteen colours and with none, also with a mouse; a candidate is there and hears of
    what is done. At the box's own screen through its socket, else as over SSH: by an account that
    cannot open the socket, with the box's address and authority."""
    ssh, mouse = term != "screen", term == "xterm-256color"
    with TemporaryDirectory(prefix="hv-") as directory:
        async with running_box(Path(directory)) as box:
            lead = await box.login()
            exam = await box.new_exam(lead, to="ready")
            way = ["--url", box.origin, "--ca", str(box.authority)]
            way = way if ssh else ["--state", str(box.state)]
            console = [sys.executable, "-m", "tui", *way, "--user", LEAD]
            await terminal.start(shlex.join(console), term)
            await terminal.shows("Passphrase")
            await terminal.type(PASSPHRASE)
            assert PASSPHRASE not in await terminal.tmux("capture-pane", "-p")
            await terminal.press("Enter")
            await terminal.shows("O opens it")
            await terminal.press("O")
            await terminal.shows("into the hall")
            await terminal.press("Enter")
            pane = await terminal.shows("3 not here")
            assert "A1" in pane
            assert "Annex" in pane
            assert "ctrl+l lock" in pane
            if term == "vt100":  # the state as letter and word, the cursor in brackets
                assert re.search(r"\[o B1 *\]", pane)
                assert re.search(r"\[not here *\]", pane)
            page = box.api()
            await page.join(exam.code, exam.seats["A1"], PageKey())
            await page.check_in()
            await terminal.shows("1 checked in")
            await terminal.press("S")
            # No TPM here, and where there is no time service either, it wants to know why.
            gate = await terminal.shows("enter starts the exam.", "do not start")
            if "do not start" in gate:
                await terminal.type("a test")
            await terminal.press("Enter")
            await terminal.shows("LIVE 00:")
            await terminal.shows("1 recording")
            async with page.websocket("/api/v1/attempts/me/channel") as channel:
                await channel.send_json({"kind": "hand", "raised": True})
                await terminal.shows("1 hand raised")
                if mouse:
                    await terminal.click("Canary")
                else:
                    await terminal.press("Down")  # from the Annex to the Aula
                await terminal.shows("Seat A1")
                await terminal.press("h")
                await hears(channel, "status", hand_raised=False)
                await terminal.press("m")
                await terminal.shows("appears on the candidate's page")
                await terminal.type("Pen and paper are here")
                await terminal.press("Enter")
                await hears(channel, "message", text="Pen and paper are here")
                pane = await terminal.shows("To the candidate: Pen and paper are here")
                assert "1 recording" in pane
                await terminal.press("i")
                await terminal.shows("identity checked by you")
            await (terminal.click("? help") if mouse else terminal.press("?"))
            await terminal.shows("Keys here")
            await terminal.press("Escape")
            await page.ok("POST", "/api/v1/attempts/me/hand-in", json={"last_sequence": 0})
            await terminal.shows("1 handed in")
            await terminal.press("C")
            await terminal.shows("This cannot be undone")
            await terminal.press("y")
            await terminal.shows(exam.code)
            await terminal.type(exam.code)
            await terminal.press("Enter")
            await terminal.shows("can no longer open a picture")
            assert terminal.coloured is (term != "vt100")
