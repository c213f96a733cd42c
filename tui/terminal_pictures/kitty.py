"""Kitty's graphics protocol with Unicode placeholders: the picture is sent once, and cells of text
say which part of it they show, so that scrolling and overlapping are the terminal's work.

Reference: the terminal graphics protocol of kitty, "Unicode placeholders".
"""

from __future__ import annotations

import base64

_PLACEHOLDER = "\U0010eeee"
_CHUNK = 4096  # bytes of base64 in one command, by the protocol
# Row and column are written as combining marks above the placeholder, by this fixed list (kitty's
# rowcolumn-diacritics, its first part): first and last of each run.
_RUNS = (
    "0305 030D-030E 0310 0312 033D-033F 0346 034A-034C 0350-0352 0357 035B 0363-036F 0483-0487 "
    "0592-0595 0597-0599 059C-05A1 05A8-05A9 05AB-05AC 05AF 05C4 0610-0617 0657-065B 065D-065E "
    "06D6-06DC 06DF-06E2 06E4 06E7-06E8 06EB-06EC 0730 0732-0733 0735-0736 073A 073D 073F-0741 "
    "0743 0745 0747 0749-074A 07EB-07F1 07F3 0816-0819 081B-0823 0825-0827 0829-082D"
)
_MARKS = "".join(
    chr(code)
    for first, _, last in (run.partition("-") for run in _RUNS.split())
    for code in range(int(first, 16), int(last or first, 16) + 1)
)
MOST_CELLS = len(_MARKS)  # columns or lines of a picture


def transmit(number: int, png: bytes, columns: int, lines: int) -> str:
    """Commands that give the terminal picture `number` for `columns` x `lines` cells; it answers
    nothing. A picture it had under that number is replaced."""
    data = base64.b64encode(png).decode("ascii")
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    head = f"a=T,U=1,q=2,f=100,t=d,i={number},c={columns},r={lines},"
    return "".join(
        f"\x1b_G{head if at == 0 else 'q=2,'}m={int(at < len(chunks) - 1)};{chunk}\x1b\\"
        for at, chunk in enumerate(chunks)
    )


def delete(number: int) -> str:
    """Takes the picture off the screen and out of the terminal's memory."""
    return f"\x1b_Ga=d,d=I,q=2,i={number}\x1b\\"


def cells(line: int, columns: int) -> str:
    """The text that shows one line of a picture; its foreground colour says of which."""
    return "".join(f"{_PLACEHOLDER}{_MARKS[line]}{_MARKS[column]}" for column in range(columns))
