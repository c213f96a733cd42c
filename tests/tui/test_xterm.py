"""Pictures in a real terminal: xterm as a VT340, on a screen in memory, looked at dot by dot."""

from __future__ import annotations

import asyncio
import os
import shlex
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.box import ROOT
from tests.tui import halls
from tests.tui.scripted_box import ScriptedBox
from tests.tui.test_terminal_pictures import until

pytestmark = pytest.mark.e2e

_COLUMNS, _LINES = 120, 40
_WIDE, _HIGH = 6, 13  # dots of a cell, in the font that every X server has built in
_FACE = (208, 168, 136)  # of `halls.picture()`; the nearest of 256 colours is 7 away in each part
_NEAR = 4  # sixel tells colours in per cent
_A_FACE = 400  # dots, in a picture of 21x8 small cells

Dots = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


class Screen:
    """An X server's screen, read from the file it keeps it in (XWD, 32 bits a dot)."""

    def __init__(self, display: str, file: Path) -> None:
        self.display = display
        self._file = file

    def is_there(self) -> bool:
        return self._file.exists() and any(self._file.read_bytes()[:8])

    def dots(self) -> Dots:
        data = self._file.read_bytes()
        (header,) = struct.unpack_from(">I", data)
        width, height = struct.unpack_from(">2I", data, 16)
        stride, colours = (
            struct.unpack_from(">I", data, 48)[0],
            struct.unpack_from(">I", data, 76)[0],
        )
        start = header + 12 * colours
        rows = np.frombuffer(data, np.uint8, stride * height, start).reshape(height, -1, 4)
        return rows[:, :width, 2::-1]

    def faces(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Dots of the colour that only a real picture has."""
        far = np.abs(self.dots().astype(np.int16) - _FACE).max(axis=2)
        near: np.ndarray[Any, np.dtype[np.bool_]] = far <= _NEAR
        return near

    def shows_the_console(self) -> bool:
        """A dark first line above a coloured last line. Before, xterm is all white."""
        dots = self.dots()
        first_line, last_line = dots[2, 60], dots[_LINES * _HIGH - 2, (_COLUMNS - 1) * _WIDE]
        return not bool(first_line.any()) and bool(last_line.any())

    def shows_the_first_seat(self) -> bool:
        """On the map, which stands where the login leaves the screen black."""
        return bool(self.dots()[4 * _HIGH : 6 * _HIGH, 3 * _WIDE : 10 * _WIDE].any())

    async def press(self, *arguments: str) -> None:
        environment = {**os.environ, "DISPLAY": self.display}
        process = await asyncio.create_subprocess_exec("xdotool", *arguments, env=environment)
        assert await process.wait() == 0


@asynccontextmanager
async def running(*command: str, **options: object) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*command, **options)  # type: ignore[arg-type]
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()  # an X server tidies its number up
        await process.wait()


@asynccontextmanager
async def screen_in(directory: Path) -> AsyncIterator[Screen]:
    """An X server of its own, whose number it chooses itself."""
    reader, writer = os.pipe()
    server = (
        *("Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24"),
        *("-fbdir", str(directory), "-nolisten", "tcp", "-noreset"),
    )
    async with running(*server, pass_fds=(writer,), stderr=asyncio.subprocess.DEVNULL):
        os.close(writer)
        with os.fdopen(reader) as told:
            number = (await asyncio.to_thread(told.readline)).strip()
        screen = Screen(f":{number}", directory / "Xvfb_screen0")
        await until(screen.is_there)  # it tells its number before it has a screen
        yield screen


async def test_xterm_shows_the_candidates_where_they_sit_and_nothing_afterwards(
    box: ScriptedBox, socket_path: Path, tmp_path: Path
) -> None:
    console = shlex.join(
        (sys.executable, "-m", "tui", "--socket", str(socket_path), "--user", "ingrid",
         "--exam", halls.exam().code, "--language", "en")
    )  # fmt: skip
    marker = tmp_path / "ended"
    script = f"cd {shlex.quote(str(ROOT))} && {console}; echo $? > {shlex.quote(str(marker))}"
    async with AsyncExitStack() as stack:
        screen = await stack.enter_async_context(screen_in(tmp_path))
        misleading = ("TMUX", "STY", "NO_COLOR", "COLUMNS", "LINES", "COLORTERM")
        environment = {name: value for name, value in os.environ.items() if name not in misleading}
        environment |= {
            "DISPLAY": screen.display, "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": str(tmp_path),
        }  # fmt: skip
        xterm = (
            *("xterm", "-ti", "vt340", "-tn", "xterm-256color", "-b", "0", "-bw", "0"),
            *("-fn", "fixed", "-geometry", f"{_COLUMNS}x{_LINES}+0+0", "-e", "sh", "-c", script),
        )
        quiet = asyncio.subprocess.DEVNULL
        await stack.enter_async_context(running(*xterm, env=environment, stderr=quiet))
        await until(screen.shows_the_console)
        await screen.press("mousemove", "20", "20")
        await screen.press("type", "right horse")
        await screen.press("key", "Return")
        await until(screen.shows_the_first_seat)
        await screen.press("key", "v")
        await until(lambda: screen.faces().sum() > 6 * _A_FACE)
        first_tile = screen.faces()[5 * _HIGH : 13 * _HIGH, 1 * _WIDE : 22 * _WIDE]
        assert first_tile.sum() > _A_FACE
        captions = screen.faces()[4 * _HIGH : 5 * _HIGH]
        assert not captions.any()
        await screen.press("key", "ctrl+l")
        await until(lambda: not screen.faces().any())
        await screen.press("key", "ctrl+q")
        await until(marker.exists)
        assert marker.read_text().strip() == "0"
