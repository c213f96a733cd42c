"""Asks the terminal what pictures it can show, before anything is drawn.

One question that every terminal since the VT100 answers (device attributes) is asked last, so that
its answer ends the waiting; a terminal that answers nothing costs `WITHIN_S` once and sees half
blocks. Inside tmux and screen, which stand between, and on simple terminals nothing is asked.
Kitty's protocol is used only where the terminal is known to have Unicode placeholders, without
which a picture cannot be part of a screen that scrolls and overlaps.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Mapping

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
_WITH_PLACEHOLDERS = re.compile(rb"\x1bP>\|(kitty|ghostty)[ (]")
_BETWEEN = ("TMUX", "STY")  # set by tmux and by screen
_NEVER_ASK = ("linux", "dumb", "vt", "screen", "tmux")
_SIXEL = b"4"  # among the device attributes
_MOST_BYTES = 4096


def pictures_of_this_terminal(wish: str) -> TerminalPictures:
    """What `wish` (one of `WISHES`) comes to here. Talks to the terminal of standard input; call it
    before the console draws."""
    if wish in (PictureWay.BLOCKS, PictureWay.OFF):
        return TerminalPictures(PictureWay(wish))
    return probe(sys.__stdin__, sys.__stderr__, wish, os.environ)


def probe(
    keyboard: object,
    screen: object,
    wish: str,
    environment: Mapping[str, str],
    within_s: float = WITHIN_S,
) -> TerminalPictures:
    """`keyboard`, `screen`: files of the terminal. `wish`: `auto`, or what to use without being
    asked whether it can."""
    term = environment.get("TERM", "")
    hidden = any(name in environment for name in _BETWEEN) or term.startswith(_NEVER_ASK)
    if hidden or not term:
        return TerminalPictures(PictureWay(wish) if wish == "kitty" else PictureWay.BLOCKS)
    try:
        reader, writer = keyboard.fileno(), screen.fileno()  # type: ignore[attr-defined]
        if not (os.isatty(reader) and os.isatty(writer)):
            return TerminalPictures()
        answer = _ask(reader, writer, within_s)
    except (OSError, ValueError, termios.error, AttributeError):
        return TerminalPictures()
    return judge(answer, wish)


def judge(answer: bytes, wish: str = "auto") -> TerminalPictures:
    """What these answers allow. Sixel needs the size of a cell: without it, half blocks."""
    cell = _CELL.search(answer)
    height, width = (int(cell[1]), int(cell[2])) if cell else (0, 0)
    attributes = _DA1.search(answer)
    kitty = bool(_KITTY_OK.search(answer) and _WITH_PLACEHOLDERS.search(answer))
    sixel = attributes is not None and _SIXEL in attributes[1].split(b";")
    if wish == "kitty" or (wish == "auto" and kitty):
        return TerminalPictures(PictureWay.KITTY, width, height)
    if (wish == "sixel" or sixel) and min(width, height) > 0:
        return TerminalPictures(PictureWay.SIXEL, width, height)
    return TerminalPictures()


def _ask(reader: int, writer: int, within_s: float) -> bytes:
    """Everything the terminal said until it answered the last question or time was up. What comes
    later or beside it is thrown away, so that it is not taken for typing."""
    before = termios.tcgetattr(reader)
    answer = b""
    try:
        tty.setraw(reader, termios.TCSAFLUSH)
        os.write(writer, _ASK)
        end = time.monotonic() + within_s
        while not _DA1.search(answer) and len(answer) < _MOST_BYTES:
            ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                break
            answer += os.read(reader, 512)
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(reader, termios.TCSAFLUSH, before)
    return answer
