"""Gives pictures to the terminal and takes every one of them back.

With kitty's protocol a widget writes placeholder cells (`line`); with sixel it draws half blocks as
everywhere and the picture is laid over them after the paint (`lay_over`), which any later paint of
these cells wipes away. The terminal holds at most `MOST_HELD` pictures of this console, and none
after the screen that showed it was left, after a lock or after the end: they show people.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.widget import Widget

from tui.half_blocks import open_jpeg
from tui.terminal_pictures import kitty, sixel
from tui.terminal_pictures.way import PictureWay, TerminalPictures

# A picture's number is also a colour: one of the 6x6x6 cube that terminals with 256 colours have
# under 16 + its place, greys left out, whose place depends on who rounds.
_LEVELS = (0, 95, 135, 175, 215, 255)
_CUBE = {
    16 + 36 * r + 6 * g + b: (_LEVELS[r], _LEVELS[g], _LEVELS[b])
    for r in range(6)
    for g in range(6)
    for b in range(6)
    if not r == g == b
}
MOST_HELD = 160
_OFTEN_A_CELL = (10, 20)  # pixels, where the terminal does not say; kitty scales anyway


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A picture the terminal has. `columns` x `lines`: the cells it fills. `data`: for sixel."""

    number: int
    columns: int
    lines: int
    data: str = ""


class PicturePainter:
    """`write`: hands characters to the terminal, in order with what is drawn. `room`: waits until
    it has taken what it was given before; words go first."""

    def __init__(
        self,
        terminal: TerminalPictures,
        write: Callable[[str], None],
        *,
        truecolour: bool = True,
        room: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.terminal = terminal
        self._truecolour = truecolour
        self._write = write
        self._room = room
        self._held: dict[int, Sent] = {}
        self._waiting: dict[int, tuple[Widget, Sent, Offset]] = {}
        self._closed = False

    @property
    def way(self) -> PictureWay:
        return self.terminal.way

    @property
    def is_off(self) -> bool:
        return self.way is PictureWay.OFF

    @property
    def sends(self) -> bool:
        return self.way in (PictureWay.KITTY, PictureWay.SIXEL)

    @property
    def held(self) -> int:
        return len(self._held)

    def learn(self, terminal: TerminalPictures) -> None:
        """The terminal is known better now. It gives back what it has: that was made for before."""
        self.forget_all()
        self.terminal = terminal
        self.forget_earlier()

    # the terminal's memory

    def forget_earlier(self) -> None:
        """Takes back what an earlier console left in the terminal when it was killed: pictures keep
        their numbers there after the program is gone."""
        if self.way is PictureWay.KITTY:
            self._write("".join(map(kitty.delete, map(self._name, list(_CUBE)[:MOST_HELD]))))

    async def send(
        self, jpeg: bytes, columns: int, lines: int, *, instead_of: Sent | None = None
    ) -> Sent | None:
        """The picture scaled into the cells, now in the terminal; None where half blocks have to
        do. Takes the place of `instead_of`."""
        if not self.sends or self._closed or min(columns, lines) <= 0:
            return None
        if self._room is not None:
            await self._room()
        made = await asyncio.to_thread(self._make, jpeg, columns, lines)
        if instead_of is not None and (made is None or not self.holds(instead_of)):
            self.forget(instead_of)
            instead_of = None
        number = instead_of.number if instead_of is not None else self._free()
        if made is None or number is None or self._closed:
            return None
        data, wide, high = made
        sent = Sent(number, wide, high, data if isinstance(data, str) else "")
        self._held[number] = sent
        if isinstance(data, bytes):
            self._write(kitty.transmit(self._name(number), data, wide, high))
        return sent

    def holds(self, sent: Sent | None) -> bool:
        return sent is not None and self._held.get(sent.number) is sent

    def forget(self, sent: Sent | None) -> None:
        """Out of the terminal's memory. With sixel there is none: the next paint wipes it away."""
        if sent is not None and self.holds(sent):
            del self._held[sent.number]
            if self.way is PictureWay.KITTY:
                self._write(kitty.delete(self._name(sent.number)))

    def forget_all(self) -> None:
        """Every picture, and for sixel the screen as well: at a lock and before the end."""
        wiped = bool(self._held) and self.way is PictureWay.SIXEL
        for sent in list(self._held.values()):
            self.forget(sent)
        self._waiting.clear()
        if wiped:
            self._write("\x1b[2J")

    def close(self) -> None:
        """`forget_all`, and take no more."""
        self._closed = True
        self.forget_all()

    def last_words(self) -> str:
        """What takes the rest back when the console has already left the screen (it fell): on the
        other screen of the terminal, where they are."""
        left, self._held = list(self._held), {}
        if not left:
            return ""
        deletes = "".join(kitty.delete(self._name(number)) for number in left)
        wiped = deletes if self.way is PictureWay.KITTY else ""
        return f"\x1b[?1049h{wiped}\x1b[2J\x1b[?1049l"

    def _free(self) -> int | None:
        if len(self._held) >= MOST_HELD:
            return None
        return next(number for number in _CUBE if number not in self._held)

    def _name(self, number: int) -> int:
        """What the terminal calls it: read back from the colour of the cells, which arrives as the
        colour itself or as its place among 256."""
        red, green, blue = _CUBE[number]
        return (red << 16 | green << 8 | blue) if self._truecolour else number

    def _make(self, jpeg: bytes, columns: int, lines: int) -> tuple[bytes | str, int, int] | None:
        image = open_jpeg(jpeg)
        if image is None:
            return None
        cell = (self.terminal.cell_width, self.terminal.cell_height)
        across, down = cell if min(cell) > 0 else _OFTEN_A_CELL
        columns, lines = min(columns, kitty.MOST_CELLS), min(lines, kitty.MOST_CELLS)
        scale = min(columns * across / image.width, lines * down / image.height)
        wide = max(1, min(columns, round(image.width * scale / across)))
        if self.way is PictureWay.SIXEL:
            # Never one dot more than the cells: it would scroll the screen.
            dots = max(6, int(image.height * scale) // 6 * 6)
            small = image.resize((wide * across, dots), Image.Resampling.BILINEAR)
            return sixel.encode(small), wide, min(lines, -(-dots // down))
        high = max(1, min(lines, round(image.height * scale / down)))
        image.thumbnail((wide * across, high * down), Image.Resampling.BILINEAR)
        png = io.BytesIO()
        image.save(png, "PNG", compress_level=6)
        return png.getvalue(), wide, high

    # drawing

    def line(self, sent: Sent, y: int, width: int, height: int, ground: Style) -> list[Segment]:
        """Line `y` of the picture in the middle of `width` x `height` cells, as placeholders."""
        line = y - (height - sent.lines) // 2
        left = (width - sent.columns) // 2
        if not 0 <= line < sent.lines or left < 0:
            return [Segment(" " * width, ground)]
        colour = Style(color=Color.from_rgb(*_CUBE[sent.number]), bgcolor=ground.bgcolor)
        return [
            Segment(" " * left, ground),
            Segment(kitty.cells(line, sent.columns), colour),
            Segment(" " * (width - left - sent.columns), ground),
        ]

    def hides(self, sent: Sent | None, y: int, height: int) -> bool:
        """With sixel: whether line `y` of `height` stays empty under the picture. Half blocks stand
        under it for when it cannot be laid; they must not look out beside it, nor below its last
        dots, which seldom fill a line."""
        if self.way is not PictureWay.SIXEL or sent is None or not self.holds(sent):
            return False
        return not 0 <= y - (height - sent.lines) // 2 < sent.lines - 1

    def lay_over(self, widget: Widget, sent: Sent | None, area: Region) -> None:
        """With sixel: after this paint, lay the picture into the middle of `area` of the widget's
        content, if nothing covers it then."""
        if sent is None or self.way is not PictureWay.SIXEL:
            return
        middle = Offset((area.width - sent.columns) // 2, (area.height - sent.lines) // 2)
        if not self._waiting:
            widget.app.call_later(self._lay_waiting)
        self._waiting[sent.number] = (widget, sent, area.offset + middle)

    def _lay_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for widget, sent, at in waiting.values():
            if self.holds(sent) and widget.is_attached and widget.screen.is_active:
                spot = Region(0, 0, sent.columns, sent.lines).translate(
                    widget.content_region.offset + at
                )
                if _is_free(widget, spot):
                    self._write(f"\x1b7\x1b[{spot.y + 1};{spot.x + 1}H{sent.data}\x1b8")


def _is_free(widget: Widget, spot: Region) -> bool:
    """Whether all of `spot` belongs to `widget`, and none to the last line of the terminal, where
    a picture would scroll it."""
    screen = widget.screen
    if not screen.size.region.contains_region(spot) or spot.bottom >= screen.size.height:
        return False
    across = (spot.x, spot.x + spot.width // 2, spot.right - 1)
    down = (spot.y, spot.y + spot.height // 2, spot.bottom - 1)
    return widget.content_region.contains_region(spot) and all(
        screen.get_widget_at(x, y)[0] is widget for x in across for y in down
    )
