"""Up to nine live pictures side by side, drawn as one widget: a raw line must not be cropped, so
pictures that share their rows are joined here and not by the compositor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tui.half_blocks import Pixels
from tui.wall_layout import WallLayout, wall
from tui.widgets.holds_pictures import HoldsPictures
from tui.widgets.picture import is_truecolour
from tui.widgets.picture_lines import picture_line, words_line
from tui.widgets.tones import Tones
from tui.words import fit


@dataclass(slots=True)
class Tile:
    """`tone` colours the caption; `words` stand where there is no picture (yet)."""

    caption: str = ""
    tone: str = "calm"
    words: str = ""
    pixels: Pixels | None = None


class PictureWall(HoldsPictures):
    DEFAULT_CSS = "PictureWall { width: 1fr; height: 1fr; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "picture-wall--good",
        "picture-wall--calm",
        "picture-wall--alarm",
        "picture-wall--faint",
    }

    class Chosen(Message):
        """Clicked: this one, counted from 0."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, tiles: Sequence[Tile]) -> None:
        super().__init__(id="wall")
        self.tiles = tiles
        self._tones = Tones(self, "picture-wall")

    @property
    def layout_now(self) -> WallLayout:
        return wall(len(self.tiles), *self.content_size)

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and lines there are for one picture; a column stays free between two."""
        layout = self.layout_now
        return max(0, layout.tile_width - 1), layout.picture_height

    def changed(self, number: int) -> None:
        """Draw the rows of one tile again, whole: see above."""
        layout = self.layout_now
        top = number // layout.columns * layout.tile_height
        self.refresh(Region(0, top, self.size.width, layout.tile_height))

    def cover(self) -> None:
        """Live pictures are drawn in half blocks: the terminal keeps nothing."""

    def uncover(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None and (number := self.layout_now.tile_at(at.x, at.y)) < len(self.tiles):
            self.post_message(self.Chosen(number))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.forget()

    def render_line(self, y: int) -> Strip:
        layout, width = self.layout_now, self.content_size.width
        row, line = divmod(y, max(1, layout.tile_height))
        segments: list[Segment] = []
        if row < layout.rows:
            for number in range(row * layout.columns, (row + 1) * layout.columns):
                segments += self._tile(number, line, layout)
        rest = width - (layout.columns * layout.tile_width if segments else 0)
        return Strip([*segments, Segment(" " * rest, self.rich_style)], width)

    def _tile(self, number: int, line: int, layout: WallLayout) -> list[Segment]:
        width, ground = layout.tile_width - 1, self.rich_style
        gap = Segment(" ", ground)
        if number >= len(self.tiles):
            return [Segment(" " * width, ground), gap]
        tile = self.tiles[number]
        if line == 0:
            return [Segment(fit(f" {tile.caption}", width), self._tones(tile.tone)), gap]
        height = layout.picture_height
        pixels = tile.pixels
        fits = pixels is not None and pixels.width <= width and pixels.lines <= height
        if pixels is None or not fits or self.is_colourless:
            return [*words_line(tile.words, line - 1, width, height, ground), gap]
        raw = self.screen.is_active and is_truecolour(self)
        return [*picture_line(pixels, line - 1, width, height, ground, raw=raw), gap]
