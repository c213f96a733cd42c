"""The console as a process in a real terminal (tmux), in front of the real gateway."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.box import LEAD, PASSPHRASE, ROOT, running_box

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]


class Terminal:
    """A tmux server of its own, 80x24."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

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

    async def type(self, text: str) -> None:
        await self.tmux("send-keys", "-l", text)

    async def press(self, *keys: str) -> None:
        await self.tmux("send-keys", *keys)

    async def shows(self, text: str, *, within_s: float = 90.0) -> str:
        for _ in range(int(within_s / 0.2)):
            pane = await self.tmux("capture-pane", "-p")
            if text in pane:
                return pane
            await asyncio.sleep(0.2)
        raise AssertionError(f"{text!r} never came; the screen shows:\n{pane}")


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    with TemporaryDirectory(prefix="hv-") as directory:
        running = Terminal(Path(directory) / "tmux")
        yield running
        await running.tmux("kill-server")


@pytest.mark.parametrize("term", ["screen-256color", "screen", "vt100"])
async def test_from_login_to_close_by_keys(terminal: Terminal, term: str) -> None:
    """Also with sixteen colours and with none."""
    with TemporaryDirectory(prefix="hv-") as directory:
        async with running_box(Path(directory)) as box:
            lead = await box.login()
            exam = await box.new_exam(lead, to="ready")
            console = [sys.executable, "-m", "tui", "--state", str(box.state), "--user", LEAD]
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
            await terminal.press("S")
            await terminal.shows("enter starts the exam.")  # no time server here, no TPM
            await terminal.press("Enter")
            await terminal.shows("LIVE 00:")
            await terminal.press("C")
            await terminal.shows("This cannot be undone")
            await terminal.press("y")
            await terminal.shows(exam.code)
            await terminal.type(exam.code)
            await terminal.press("Enter")
            await terminal.shows("can no longer open a picture")
