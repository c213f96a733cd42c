"""What every part of plain mode works with: the shift, the hall it watches, where lines go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tui.hall_watch import HallWatch
from tui.shift import Shift

Write = Callable[[str], None]
Act = Callable[[str], Awaitable[None]]


class PlainPart:
    def __init__(self, shift: Shift, watch: HallWatch, write: Write) -> None:
        self._shift = shift
        self._watch = watch
        self._write = write
