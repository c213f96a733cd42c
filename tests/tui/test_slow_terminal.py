"""A terminal that does not read holds up nobody: not the box, not another console, not its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest

from appliance.rehearsal.page_key import PageKey
from tests.support.box import LEAD, PASSPHRASE, RealBox, running_box
from tests.support.box_api import Prepared
from tests.support.tiny_webm import tiny_webm
from tests.tui.pretend_terminal import PretendTerminal
from tests.tui.test_terminal_pictures import until
from tui.terminal_writer import TerminalWriter

_BREAKS = 12  # begun and ended, each drawn at least twice: Textual's own writer lets 30 queue up
_HELD_UP = 60_000  # bytes: what the kernel holds, what the console had given it, one repaint
_ROSTER = "name,number,seat,hall\nCanary Testperson,1001,A1,Aula\n"
_NEWS = b"seat watched"


class StubbornTerminal(PretendTerminal):
    """It can stop reading, and then read little by little."""

    def stand_still(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)

    async def read_slowly_until(self, words: bytes) -> int:
        """Bytes read until `words` had come."""
        os.set_blocking(self.master, False)
        read = b""
        while words not in read:
            with contextlib.suppress(BlockingIOError):
                read += os.read(self.master, 200)
            await asyncio.sleep(0.002)
        asyncio.get_running_loop().add_reader(self.master, self._more)
        return len(read)


@asynccontextmanager
async def console_on(
    terminal: PretendTerminal, box: RealBox, exam: Prepared, directory: Path
) -> AsyncIterator[None]:
    misleading = ("NO_COLOR", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if name not in misleading}
    environment |= {
        "TERM": "xterm-256color", "COLORTERM": "truecolor", "TMUX": "none", "LC_ALL": "C.UTF-8",
        "XDG_CONFIG_HOME": str(directory),
    }  # fmt: skip
    command = (
        *(sys.executable, "-m", "tui", "--socket", str(box.socket)),
        *("--user", LEAD, "--exam", exam.code, "--language", "en"),
    )
    process = await terminal.start(command, environment, (80, 24))
    try:
        yield
    finally:
        process.kill()
        await process.wait()
        terminal.stop()


async def log_in(terminal: PretendTerminal) -> None:
    await until(lambda: b"assphrase" in terminal.seen)
    terminal.type(PASSPHRASE + "\r")
    await until(lambda: b"link ok" in terminal.seen and b"Canary" in terminal.seen)


class AnotherConsole:
    """What another console is told of seats. It reads all the time: the box asks whether it is
    there."""

    def __init__(self) -> None:
        self._seats: list[dict[str, Any]] = []
        self._passed = 0

    async def listen(self, feed: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in feed:
            message = json.loads(frame.data)
            if message["kind"] == "seat":
                self._seats.append(message["data"])

    async def is_told(self, **seat: object) -> None:
        """Of a seat like this, since the last one asked for."""

        def is_there() -> bool:
            for number in range(self._passed, len(self._seats)):
                if seat.items() <= self._seats[number].items():
                    self._passed = number + 1
                    return True
            return False

        await until(is_there)


@pytest.mark.e2e
async def test_a_terminal_that_stands_still_holds_up_nobody(tmp_path: Path) -> None:
    terminal = StubbornTerminal({})
    with TemporaryDirectory(prefix="hv-") as directory:
        async with running_box(Path(directory)) as box:
            lead = await box.login()
            exam = await box.new_exam(lead, roster=_ROSTER)
            candidate = box.api()
            await candidate.join(exam.code, exam.seats["A1"], PageKey())
            await candidate.check_in()
            attempt = (await candidate.ok("GET", "/api/v1/attempts/me"))["attempt"]
            base = f"/api/v1/exams/{exam.exam}"
            async with (
                console_on(terminal, box, exam, tmp_path),
                lead.websocket(f"{base}/feed") as feed,
            ):
                another = AnotherConsole()
                listening = asyncio.create_task(another.listen(feed))
                await log_in(terminal)
                assert _NEWS not in terminal.seen
                terminal.stand_still()
                for _ in range(_BREAKS):
                    terminal.type("b")
                    await another.is_told(state="on_break")
                    terminal.type("b")
                    await another.is_told(state="recording")
                for number in range(1, 6):
                    assert (await candidate.upload(number, tiny_webm(number))).status == 201
                body = {"act": "seat_watched", "reason": "the lens is broken"}
                await lead.ok("POST", f"{base}/attempts/{attempt}/acts", json=body)
                await another.is_told(camera="watched")
                assert await terminal.read_slowly_until(_NEWS) < _HELD_UP
                assert not listening.done()


async def test_a_writer_never_waits_and_says_when_there_is_room() -> None:
    out, into = os.pipe()
    caught_up: list[bool] = []
    writer = TerminalWriter(into, lambda: caught_up.append(True))
    large = "x" * (1 << 20)  # more than any pipe holds
    writer.write(large)
    writer.write("å")
    assert writer.is_behind
    assert not caught_up

    def read_all() -> bytes:
        read = b""
        while len(read) < len(large) + 2:
            read += os.read(out, 1 << 16)
        return read

    assert await asyncio.to_thread(read_all) == (large + "å").encode()
    await asyncio.to_thread(writer.stop)
    assert caught_up == [True]
    os.close(out)
    os.close(into)
