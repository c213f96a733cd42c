"""The text console of a virtual machine: what stands on its tty1, and the keys of its keyboard."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_WITHIN_S = 300.0
_KEYS = {  # on a Swedish keyboard; QEMU has the names of the American one
    "\n": "ret", " ": "spc", "\t": "tab", "\x1b": "esc", ".": "dot", ",": "comma", "-": "slash",
    "å": "bracket_left", "ä": "apostrophe", "ö": "semicolon",
}  # fmt: skip
# The kernel's own view of the screen as letters, four bytes each (vcs(4)), and how many it has.
_READ = "stty size </dev/tty1; base64 --wrap=0 /dev/vcsu1"


class Screen:
    def __init__(self, says: Callable[..., str], picture: Callable[[Path], None]) -> None:
        self._says = says
        self.picture = picture

    def lines(self) -> list[str]:
        size, letters = self._says("sh", "-c", _READ).split("\n")
        rows, columns = map(int, size.split())
        text = base64.b64decode(letters).decode("utf-32-le", "replace")
        return [text[row * columns : (row + 1) * columns].rstrip() for row in range(rows)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines())

    def shows(self, word: str, *, within_s: float = _WITHIN_S) -> str:
        deadline = time.monotonic() + within_s
        while word not in (text := self.text):
            assert time.monotonic() < deadline, f"{word} never stood there:\n{text}"
            time.sleep(0.5)
        return text


def keys_for(text: str) -> Iterator[tuple[str, ...]]:
    """Which keys give it, held together."""
    for letter in text:
        key = _KEYS.get(letter, letter.lower())
        yield ("shift", key) if letter.isupper() else (key,)
