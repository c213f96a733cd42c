"""Real pictures: what a terminal is asked, what it is given, and that it gives everything back."""

from __future__ import annotations

import asyncio
import os
import pty
import shlex
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image

from tests.tui import halls
from tests.tui.pretend_terminal import (
    CELL,
    KITTY,
    PLAIN_DA1,
    SIXEL_DA1,
    PretendTerminal,
    decode_sixel,
)
from tests.tui.scripted_box import ScriptedBox
from tests.tui.test_terminal import Terminal
from tui.terminal_pictures import probe
from tui.terminal_pictures.late_answers import LateAnswers
from tui.terminal_pictures.way import PictureWay, TerminalPictures

SIZE = (120, 40)
_OF_ANOTHER_PROGRAM = 7


async def until(condition: Callable[[], bool], *, within_s: float = 60.0) -> None:
    for _ in range(int(within_s / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"did not happen within {within_s} s")


async def start_console(
    terminal: PretendTerminal, socket: Path, directory: Path
) -> asyncio.subprocess.Process:
    """The real console as a process on this terminal."""
    # pytest-xdist's workers carry a size of 80x24, which Textual would believe over the terminal's.
    misleading = ("TMUX", "STY", "NO_COLOR", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if name not in misleading}
    environment |= {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "XDG_CONFIG_HOME": str(directory),
    }
    command = (
        sys.executable, "-m", "tui", "--socket", str(socket), "--user", "ingrid",
        "--exam", halls.exam().code,
    )  # fmt: skip
    return await terminal.start(command, environment, SIZE)


@asynccontextmanager
async def console_on(
    terminal: PretendTerminal, socket: Path, directory: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """As it stands at its login."""
    process = await start_console(terminal, socket, directory)
    try:
        await until(lambda: b"assphrase" in terminal.seen)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        terminal.stop()


async def log_in(terminal: PretendTerminal) -> None:
    terminal.type("right horse\r")
    await until(lambda: b"E6" in terminal.seen)


def is_the_seat(picture: Image.Image) -> bool:
    """Whether this is `halls.picture()`: a light face in the middle, dark ground below."""
    wide, high = picture.size
    face = picture.getpixel((wide // 2, high // 3))
    ground = picture.getpixel((wide // 20, high - high // 20))
    assert isinstance(face, tuple)
    assert isinstance(ground, tuple)
    return face[0] > 180 and ground[0] < 90


async def test_kitty_gets_the_pictures_and_gives_them_back(
    box: ScriptedBox, socket_path: Path, tmp_path: Path
) -> None:
    terminal = PretendTerminal({**KITTY, **CELL, **PLAIN_DA1})
    async with console_on(terminal, socket_path, tmp_path) as process:
        await log_in(terminal)
        assert not terminal.pictures
        terminal.type("v")
        await until(lambda: len(terminal.pictures) >= 3)
        assert all(map(is_the_seat, terminal.pictures.values()))
        await until(lambda: all(map(terminal.shows_cells_of, terminal.pictures)))
        assert "\U0010eeee\u0305\u0305".encode() in terminal.seen
        terminal.type("?")  # another screen: nothing stays behind it
        await until(lambda: not terminal.pictures)
        terminal.type("\x1b")
        await until(lambda: len(terminal.pictures) >= 3)
        terminal.type("v")  # the map again
        await until(lambda: not terminal.pictures)
        terminal.type("v")
        await until(lambda: len(terminal.pictures) >= 3)
        terminal.type("\x0c")  # ctrl+l
        await until(lambda: not terminal.pictures and b"Locked." in terminal.seen)
        terminal.type("right horse\r")
        await until(lambda: len(terminal.pictures) >= 3)  # the hall is shown as it was
        terminal.type("\x11")  # ctrl+q
        assert await asyncio.wait_for(process.wait(), 90) == 0
        await until(lambda: terminal.at_the_end is not None)
        assert terminal.at_the_end == 0


async def test_a_sixel_terminal_gets_them_where_they_belong_and_is_wiped_at_the_end(
    box: ScriptedBox, socket_path: Path, tmp_path: Path
) -> None:
    terminal = PretendTerminal({**CELL, **SIXEL_DA1})
    async with console_on(terminal, socket_path, tmp_path) as process:
        await log_in(terminal)
        terminal.type("v")
        # Three across, as the tiles are, and more below.
        await until(lambda: len(terminal.sixels) >= 4 and len({c for _, c in terminal.sixels}) >= 3)
        await asyncio.sleep(3)
        assert len({column for _, column in terminal.sixels}) == 3
        assert terminal.ever < 12  # not again with every paint of the screen
        for (line, _), data in terminal.sixels.items():
            picture = decode_sixel(data)
            assert is_the_seat(picture)
            assert picture.width == 210 or picture.height == 156
            assert 20 * (line - 1) + picture.height <= 20 * (SIZE[1] - 1)  # nothing scrolls
        assert b"\x1b_Ga=T" not in terminal.seen
        terminal.type("\x11")
        assert await asyncio.wait_for(process.wait(), 90) == 0
        await until(lambda: terminal.at_the_end is not None)
        assert terminal.at_the_end == 0


async def test_a_late_answer_is_taken_up_and_is_no_typing(
    box: ScriptedBox, socket_path: Path, tmp_path: Path
) -> None:
    """Over a slow link: the login stands before the terminal has said what it can. And what a
    killed console leaves in the terminal, the next one takes back."""
    terminal = PretendTerminal({**KITTY, **CELL, **PLAIN_DA1}, is_slow=True)
    terminal.pictures[_OF_ANOTHER_PROGRAM] = Image.new("RGB", (1, 1))
    async with console_on(terminal, socket_path, tmp_path) as process:
        terminal.type("right ")
        terminal.answer_now()
        terminal.type("horse\r")
        await until(lambda: b"E6" in terminal.seen)  # the passphrase is right: nothing else in it
        terminal.type("v")
        await until(lambda: len(terminal.pictures) > 3)
        process.kill()
        await process.wait()
    assert len(terminal.pictures) > 3
    following = await start_console(terminal, socket_path, tmp_path)
    try:
        await until(terminal.has_been_asked)
        terminal.answer_now()
        await until(lambda: set(terminal.pictures) == {_OF_ANOTHER_PROGRAM})
    finally:
        following.kill()
        await following.wait()
        terminal.stop()


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_answers_in_any_pieces_among_keys(size: int) -> None:
    typed = "\x1b[6~a\x1b[?2026;2$y\x1b[A"  # page down, a letter, a mode report, up
    late = LateAnswers(b"x\x1b_Gi=3")
    read = "1;OK\x1b\\" + typed + "\x1bP>|kitty(0.41.1)\x1b\\b\x1b[6;18;9t\x1b[?62;cend\x1b[?1;2c"
    passed = "".join(late.sift(read[at : at + size]) for at in range(0, len(read), size))
    assert passed == typed + "bend\x1b[?1;2c"
    assert late.complete
    assert probe.judge(late.answers) == TerminalPictures(PictureWay.KITTY, 9, 18)


@pytest.mark.parametrize("key", ["\x1b", "\x1bP", "\x1b[", "\x1b_"])
def test_a_key_that_looks_like_an_answer_is_not_kept(key: str) -> None:
    late = LateAnswers()
    assert late.sift("a" + key) == "a"
    assert late.idle() == key
    assert late.sift("b") == "b"


def test_an_answer_that_stops_in_the_middle_never_becomes_keys_at_once() -> None:
    late = LateAnswers()
    assert late.sift("\x1b_Gi=31;O") + late.idle() + late.idle() == ""
    assert late.sift("K\x1b\\c") == "c"


# what a terminal is asked


def ask(answers: bytes | None, environment: Mapping[str, str], wish: str = "auto") -> PictureWay:
    """The probe on a real pseudo-terminal that holds `answers` ready."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    with os.fdopen(slave, "rb+", buffering=0) as end:

        def answer(reader: int, writer: int, within_s: float) -> bytes:
            return answers if answers is not None else real(reader, writer, within_s)

        real, probe._ask = probe._ask, answer
        try:
            with probe.asked(end, end, wish, environment, within_s=0.05) as asked:
                return asked.pictures.way
        finally:
            probe._ask = real
            os.close(master)


XTERM = {"TERM": "xterm-256color"}
ALL_KITTY = b"".join((*KITTY.values(), *CELL.values(), *PLAIN_DA1.values()))


@pytest.mark.parametrize(
    ("answers", "wish", "way"),
    [
        (ALL_KITTY, "auto", "kitty"),
        (ALL_KITTY, "sixel", "sixel"),
        (ALL_KITTY.replace(b"kitty(", b"WezTerm "), "auto", "blocks"),  # no placeholders there
        (b"\x1b[6;20;10t\x1b[?62;4;22c", "auto", "sixel"),
        (b"\x1b[?62;4;22c", "auto", "blocks"),  # how large a cell is was not said
        (b"\x1b[?64;22c", "auto", "blocks"),
        (b"\x1b[?6c", "auto", "blocks"),
        (b"\x1b[?6c", "kitty", "kitty"),
        (b"\x1b[6;0;0t\x1b[?4c", "auto", "blocks"),
        (b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.26.5)\x1b\\\x1b[6;18;9t\x1b[?62;c", "auto", "blocks"),
    ],
)
def test_what_the_answers_allow(answers: bytes, wish: str, way: str) -> None:
    assert probe.judge(answers, wish).way == way


def test_a_terminal_that_says_nothing_shows_half_blocks() -> None:
    assert ask(None, XTERM) is PictureWay.BLOCKS


@pytest.mark.parametrize(
    "environment",
    [{**XTERM, "TMUX": "x,1,0"}, {**XTERM, "STY": "1.x"}, {"TERM": "tmux-256color"},
     {"TERM": "linux"}, {"TERM": "dumb"}, {}],
)  # fmt: skip
def test_nothing_is_asked_where_it_would_go_astray(environment: dict[str, str]) -> None:
    assert ask(ALL_KITTY, environment) is PictureWay.BLOCKS


async def test_inside_tmux_it_falls_back_and_nothing_is_left_on_the_screen() -> None:
    with TemporaryDirectory(prefix="hv-") as directory:
        terminal = Terminal(Path(directory) / "tmux")
        script = (
            "from tui.terminal_pictures.probe import asked_this_terminal as asked\n"
            "with asked('auto') as a: print('way', a.pictures.way, 'end')"
        )
        try:
            await terminal.start(shlex.join([sys.executable, "-c", script]), "screen-256color")
            pane = await terminal.shows("way blocks end")
            assert pane.strip() == "way blocks end"
        finally:
            await terminal.tmux("kill-server")
