"""A picture that draws its own lines: the terminal's own way where it has one, else half blocks.

`raw` hands the terminal finished ANSI per line (four times cheaper, for live views); such a line
must not be overlapped or cropped, so a raw picture stands alone on its rows and pauses while
another screen is on top. Without colours the widget says in words what it would show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.half_blocks import Pixels, from_jpeg
from tui.terminal_pictures.painter import Sent
from tui.terminal_pictures.way import PictureWay
from tui.widgets.holds_pictures import HoldsPictures
from tui.widgets.picture_lines import picture_line, words_line
from tui.widgets.steady_title import entitle


class Picture(HoldsPictures):
    """Shows a JPEG scaled to itself, or ready-made pixels; `words` stand in when it cannot."""

    DEFAULT_CSS = "Picture { width: 1fr; height: 1fr; }"
    _only_title = False

    def __init__(self, words: str = "", *, raw: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._raw = raw
        self._words = words
        self._jpeg: bytes | None = None
        self._pixels: Pixels | None = None
        self._sent: Sent | None = None
        self._strips: dict[int, Strip] = {}

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and lines there are for the picture."""
        size: Size = self.content_size
        return size.width, size.height

    @property
    def shows_picture(self) -> bool:
        return self._pixels is not None and not self.is_colourless

    def show_jpeg(self, jpeg: bytes | None, words: str = "") -> None:
        """Show this picture; None or a damaged one shows `words` alone."""
        self._jpeg = jpeg
        self._words = words
        self._scale()

    def show_pixels(self, pixels: Pixels) -> None:
        """Show pixels that were made for `cells`; skipped while another screen is on top."""
        if self.is_attached and self.screen.is_active:
            self._pixels = pixels
            self._redraw()

    def entitle(self, title: str) -> None:
        """Put `title` into the border above. The picture is not drawn again for it."""
        self._only_title = True
        entitle(self, title)
        self._only_title = False

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        if self._only_title and not regions:
            regions = (Region(0, 0, self.outer_size.width, 1).translate(-self.content_offset),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def say(self, words: str) -> None:
        """What to write where there is no picture, or no colour to show it in."""
        if words != self._words:
            self._words = words
            if not self.shows_picture:
                self._redraw()

    def clear(self, words: str = "") -> None:
        self._jpeg = self._pixels = None
        self._words = words
        self._take_back()
        self._redraw()

    def cover(self) -> None:
        self._take_back()
        self._redraw()

    def uncover(self) -> None:
        self._send()

    def on_resize(self, _: events.Resize) -> None:
        if self._jpeg is not None:
            self._scale()
        elif self._pixels is not None and self._pixels.width > self.content_size.width:
            self._pixels = None  # a live frame for another size; the next one fits
        self._redraw()

    def _scale(self) -> None:
        self._pixels = from_jpeg(self._jpeg, *self.cells) if self._jpeg else None
        if self._pixels is None:
            self._take_back()
        self._send()
        self._redraw()

    def _send(self) -> None:
        if self._jpeg is not None and self.painter.sends and self.screen.is_active:
            self.run_worker(self._sending(self._jpeg), group="terminal-picture", exclusive=True)

    async def _sending(self, jpeg: bytes) -> None:
        self._sent = await self.painter.send(jpeg, *self.cells, instead_of=self._sent)
        if jpeg is not self._jpeg or not self.is_attached or not self.screen.is_active:
            self._take_back()
        self._redraw()

    def _take_back(self) -> None:
        self.workers.cancel_group(self, "terminal-picture")
        self.painter.forget(self._sent)
        self._sent = None

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()

    def repainted(self, regions: Sequence[Region]) -> None:
        if self._sent is not None and any(map(self.content_region.overlaps, regions)):
            self.painter.lay_over(self, self._sent, Region(0, 0, *self.cells))

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._draw(y)
        return strip

    def _draw(self, y: int) -> Strip:
        width, height = self.cells
        if not self.shows_picture or self._pixels is None:
            return self._draw_words(self._words, y, width, height)
        sent, painter = self._sent, self.painter
        if sent is not None and painter.way is PictureWay.KITTY and painter.holds(sent):
            return Strip(painter.line(sent, y, width, height, self.rich_style), width)
        if painter.hides(sent, y, height):
            return self._draw_words("", y, width, height)
        raw = self._raw and self.screen.is_active and is_truecolour(self)
        return Strip(picture_line(self._pixels, y, width, height, self.rich_style, raw=raw), width)

    def _draw_words(self, words: str, y: int, width: int, height: int) -> Strip:
        return Strip(words_line(words, y, width, height, self.rich_style), width)


def is_truecolour(widget: Widget) -> bool:
    return widget.app.console.color_system == "truecolor"
