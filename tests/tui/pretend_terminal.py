"""A terminal played by the test: a real pseudo-terminal whose other end answers questions the way
kitty or a sixel terminal does, and keeps the pictures it is given as such a terminal would."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping, Sequence

from PIL import Image

KITTY = {b"a=q": b"\x1b_Gi=31;OK\x1b\\", b"\x1b[>q": b"\x1bP>|kitty(0.32.2)\x1b\\"}
CELL = {b"\x1b[16t": b"\x1b[6;20;10t"}
SIXEL_DA1 = {b"\x1b[c": b"\x1b[?62;4;22c"}
PLAIN_DA1 = {b"\x1b[c": b"\x1b[?62;22c"}

_GRAPHICS = re.compile(rb"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\")
_SIXEL = re.compile(rb"\x1b7\x1b\[(\d+);(\d+)H\x1bP0;1;0q([^\x1b]*)\x1b\\\x1b8")
_LEFT = b"\x1b[?1049l"


class PretendTerminal:
    """`pictures`: those in its memory now, by number; `ever`: how many it was given. `sixels`: by
    (line, column), since the last wipe. `at_the_end`: pictures held when the console left
    its screen. `is_slow`: it keeps its answers back until `answer_now`. A program may be started on
    it after another: what it holds, it holds."""

    def __init__(self, answers: Mapping[bytes, bytes], *, is_slow: bool = False) -> None:
        self._answers = dict(answers)
        self.seen = b""
        self.pictures: dict[int, Image.Image] = {}
        self.ever = 0
        self.sixels: dict[tuple[int, int], str] = {}
        self.at_the_end: int | None = None
        self._is_slow = is_slow
        self._not_said = b""
        self._chunks = b""
        self._number = 0
        self._read_to = 0
        self._wanted: dict[bytes, int] = dict.fromkeys(answers, 0)

    async def start(
        self, command: Sequence[str], environment: Mapping[str, str], size: tuple[int, int]
    ) -> asyncio.subprocess.Process:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        asyncio.get_running_loop().add_reader(self.master, self._more)
        try:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=environment,
                start_new_session=True,
            )
        finally:
            os.close(slave)

    def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def has_been_asked(self) -> bool:
        return bool(self._not_said)

    def answer_now(self) -> None:
        said, self._not_said = self._not_said, b""
        os.write(self.master, said)

    def shows_cells_of(self, number: int) -> bool:
        """Whether placeholder cells were drawn in the colour that names this picture."""
        colour = f"38;2;{number >> 16};{number >> 8 & 255};{number & 255}"
        return colour.encode() in self.seen

    def _more(self) -> None:
        try:
            more = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            more = b""
        if not more:
            asyncio.get_running_loop().remove_reader(self.master)
            return
        self.seen += more
        for question, answer in self._answers.items():
            asked = self.seen.count(question)
            if asked > self._wanted[question]:
                self._wanted[question] = asked
                self._not_said += answer
        if not self._is_slow:
            self.answer_now()
        self._take_pictures()

    def _take_pictures(self) -> None:
        found = [
            *((m.end(), m, "kitty") for m in _GRAPHICS.finditer(self.seen, self._read_to)),
            *((m.end(), m, "sixel") for m in _SIXEL.finditer(self.seen, self._read_to)),
            *((m.end(), m, "wipe") for m in re.finditer(rb"\x1b\[2J", self.seen[self._read_to :])),
        ]
        for _, match, kind in sorted(found, key=lambda item: item[0]):
            if kind == "kitty":
                self._graphics(match)
            elif kind == "sixel":
                self.sixels[int(match[1]), int(match[2])] = match[3].decode("ascii")
                self.ever += 1
            else:
                self.sixels.clear()
        if self.at_the_end is None and _LEFT in self.seen:
            self.at_the_end = len(self.pictures) + len(self.sixels)
        ends = [match.end() for _, match, kind in found if kind != "wipe"]
        self._read_to = max([self._read_to, *ends])

    def _graphics(self, match: re.Match[bytes]) -> None:
        keys = dict(pair.split(b"=", 1) for pair in match[1].split(b",") if b"=" in pair)
        if keys.get(b"a") == b"q":
            return
        if keys.get(b"a") == b"d":
            assert keys[b"d"] == b"I"  # capital: out of memory, not only off the screen
            self.pictures.pop(int(keys[b"i"]), None)
            return
        assert keys[b"q"] == b"2"
        if b"i" in keys:
            assert keys[b"U"] == b"1"
            self._number, self._chunks = int(keys[b"i"]), b""
        self._chunks += match[2]
        if keys[b"m"] == b"0":
            png = base64.b64decode(self._chunks, validate=True)
            picture = Image.open(io.BytesIO(png), formats=("PNG",))
            picture.load()
            self.pictures[self._number] = picture
            self.ever += 1


def decode_sixel(data: str) -> Image.Image:
    """A sixel picture read dot for dot, as a terminal would."""
    size = re.match(r'"1;1;(\d+);(\d+)', data)
    assert size is not None
    picture = Image.new("RGB", (int(size[1]), int(size[2])))
    palette: dict[int, tuple[int, ...]] = {}
    colour, x, top = 0, 0, 0
    for token in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|([$-])|([?-~])", data):
        if token[1]:
            palette[int(token[1])] = tuple(round(int(token[n]) * 2.55) for n in (2, 3, 4))
        elif token[5]:
            colour = int(token[5])
        elif token[8]:
            x, top = 0, top + (6 if token[8] == "-" else 0)
        else:
            count, letter = (int(token[6]), token[7]) if token[6] else (1, token[9])
            bits = ord(letter) - 63
            for row in range(6):
                if bits >> row & 1:
                    picture.paste(palette[colour], (x, top + row, x + count, top + row + 1))
            x += count
    return picture
