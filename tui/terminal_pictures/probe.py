"""Asks the terminal what pictures it can show, before anything is drawn.

One question that every terminal since the VT100 answers (device attributes) is asked last, so that
its answer ends the waiting; a terminal that has not answered after `WITHIN_S` sees half blocks
until it does (`late_answers`). Inside tmux and screen, which stand between, and on simple terminals
nothing is asked. Kitty's protocol is used only where the terminal is known to have Unicode
placeholders, without which a picture cannot be part of a screen that scrolls and overlaps: kitty
has them since 0.28, and an older one takes the question well and then shows empty boxes. Xterm says
how large a cell is only when told to (`allowWindowOps`); the kernel knows the whole window's size.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui.terminal_pictures.late_answers import LateAnswers
from tui.terminal_pictures.way import PictureWay, TerminalPictures

WITHIN_S = 1.0
_ASK = (
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty: would you take this picture?
    b"\x1b[>q"  # XTVERSION: who are you?
    b"\x1b[16t"  # how large is a cell?
    b"\x1b[c"  # DA1: what can you do?
)
_DA1 = re.compile(rb"\x1b\[\?([0-9;]*)c")
_CELL = re.compile(rb"\x1b\[6;(\d{1,3});(\d{1,3})t")
_KITTY_OK = re.compile(rb"\x1b_Gi=31;OK\x1b\\")
_NAME = re.compile(rb"\x1bP>\|(kitty|ghostty)[ (](\d+)\.(\d+)")
_WITH_PLACEHOLDERS = {b"kitty": (0, 28), b"ghostty": (0, 0)}  # since this version
_BETWEEN = ("TMUX", "STY")  # set by tmux and by screen
_NEVER_ASK = ("linux", "dumb", "vt", "screen", "tmux")
_SIXEL = b"4"  # among the device attributes
_MOST_BYTES = 4096
_HALF_BLOCKS = TerminalPictures()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a terminal was asked, and has said so far. `late`: collects what it has not said yet;
    None when it has said all, or was asked nothing."""

    wish: str = PictureWay.BLOCKS
    pictures: TerminalPictures = _HALF_BLOCKS
    late: LateAnswers | None = None

    def judge(self, answers: bytes, cell: tuple[int, int]) -> TerminalPictures:
        return judge(answers, self.wish, cell)


@contextlib.contextmanager
def asked_this_terminal(wish: str) -> Iterator[Asked]:
    """What `wish` (one of `WISHES`) comes to here. Talks to the terminal of standard input; draw
    within this context, which keeps late answers off the screen until the console listens."""
    if wish in (PictureWay.BLOCKS, PictureWay.OFF):
        yield Asked(wish, TerminalPictures(PictureWay(wish)))
        return
    with asked(sys.__stdin__, sys.__stderr__, wish, os.environ) as answered:
        yield answered


@contextlib.contextmanager
def asked(
    keyboard: object,
    screen: object,
    wish: str,
    environment: Mapping[str, str],
    within_s: float = WITHIN_S,
) -> Iterator[Asked]:
    """`keyboard`, `screen`: files of the terminal. `wish`: `auto`, or what to use without being
    asked whether it can."""
    reader, writer = _to_ask(keyboard, screen, environment)
    if reader is None or writer is None:
        way = PictureWay.KITTY if wish == PictureWay.KITTY else PictureWay.BLOCKS
        yield Asked(wish, TerminalPictures(way))
        return
    before = termios.tcgetattr(reader)
    try:
        tty.setcbreak(reader, termios.TCSAFLUSH)
        answer = _ask(reader, writer, within_s)
        complete = _DA1.search(answer) is not None
        if complete:
            termios.tcsetattr(reader, termios.TCSAFLUSH, before)
        pictures = judge(answer, wish, cell_by_kernel(writer))
        yield Asked(wish, pictures, None if complete else LateAnswers(answer))
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(reader, termios.TCSANOW, before)


def judge(answer: bytes, wish: str = "auto", cell: tuple[int, int] = (0, 0)) -> TerminalPictures:
    """What these answers allow. `cell`: width and height in pixels where the terminal does not say
    them itself. Sixel needs them: without, half blocks."""
    width, height = cell
    if said := _CELL.search(answer):
        height, width = int(said[1]), int(said[2])
    attributes = _DA1.search(answer)
    kitty = bool(_KITTY_OK.search(answer)) and _has_placeholders(answer)
    sixel = attributes is not None and _SIXEL in attributes[1].split(b";")
    if wish == "kitty" or (wish == "auto" and kitty):
        return TerminalPictures(PictureWay.KITTY, width, height)
    if (wish == "sixel" or sixel) and min(width, height) > 0:
        return TerminalPictures(PictureWay.SIXEL, width, height)
    return TerminalPictures()


def _has_placeholders(answer: bytes) -> bool:
    name = _NAME.search(answer)
    return name is not None and (int(name[2]), int(name[3])) >= _WITH_PLACEHOLDERS[name[1]]


def cell_by_kernel(terminal: int) -> tuple[int, int]:
    """Width and height of a cell in pixels, from the size of the window; zeros where nobody told
    the kernel. A border counted in is rounded away."""
    size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    lines, columns, across, down = struct.unpack("HHHH", size)
    return (across // columns, down // lines) if min(columns, lines) else (0, 0)


def _to_ask(
    keyboard: object, screen: object, environment: Mapping[str, str]
) -> tuple[int | None, int | None]:
    """The descriptors to ask at; None where asking is in vain or would go astray."""
    term = environment.get("TERM", "")
    hidden = any(name in environment for name in _BETWEEN) or term.startswith(_NEVER_ASK)
    if hidden or not term:
        return None, None
    try:
        reader, writer = keyboard.fileno(), screen.fileno()  # type: ignore[attr-defined]
    except (OSError, ValueError, AttributeError):
        return None, None
    return (reader, writer) if os.isatty(reader) and os.isatty(writer) else (None, None)


def _ask(reader: int, writer: int, within_s: float) -> bytes:
    """Everything the terminal said until it answered the last question or time was up."""
    answer = b""
    os.write(writer, _ASK)
    end = time.monotonic() + within_s
    while not _DA1.search(answer) and len(answer) < _MOST_BYTES:
        ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            break
        answer += os.read(reader, 512)
    return answer
