"""How many seats are in which state: glyph, number and word, which is also the map's legend."""

from __future__ import annotations

from textual import events
from textual.content import Content

from tui.language import tr
from tui.seat_look import LookCount, SeatLook
from tui.widgets.steady_text import SteadyText

TONE_STYLE = {
    "alarm": "bold $error",
    "ask": "bold $accent",
    "loud": "bold $warning",
    "neutral": "$primary",
    "pause": "$accent",
    "good": "$success",
    "calm": "$foreground",
    "faint": "$faint",
}
_LINES = 2


class CountLine(SteadyText):
    """Takes a second line where one is too narrow, and never breaks inside an item."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: tuple[LookCount, ...] = ()
        self._letters = False

    def show(self, counts: tuple[LookCount, ...], *, letters: bool) -> None:
        if counts != self._counts or letters != self._letters:
            self._counts, self._letters = counts, letters
            self._arrange()

    def on_resize(self, _: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        width = self.content_size.width or self.app.size.width
        lines: list[list[Content]] = [[]]
        room = width - 1
        for counted in self._counts:
            item = self._item(counted.look, counted.seats)
            if item.cell_length - 2 > room and len(lines) < _LINES:
                lines.append([])
                room = width - 1
            room -= item.cell_length
            lines[-1].append(item)
        joined = [Content.assemble(" ", *line) for line in lines]
        self.say(
            Content("\n").join(joined)
            if self._counts
            else Content.styled(" " + tr("No seats yet."), "$faint")
        )

    def _item(self, look: SeatLook, seats: int) -> Content:
        glyph = look.letter if self._letters else look.glyph
        word = tr("need eyes") if look is SeatLook.NEEDS_EYES and seats != 1 else look.word
        return Content.assemble(
            (f"{glyph} ", TONE_STYLE[look.tone]), (f"{seats} {word}  ", "$foreground")
        )
