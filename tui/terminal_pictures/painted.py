"""Which cells of the terminal an update of Textual's writes: what lay over them there is gone."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip


class ExactUpdate(ChopsUpdate):
    """Writes the cells that changed and no others. Textual's own writes a line of a widget from its
    beginning where the change begins in the middle, and wipes the pictures away that lie there.
    Lines of finished ANSI, which must not be cropped, go wrong in it."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> ExactUpdate:
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        return "".join(
            Control.move_to(area.x, area.y).segment.text + strip.render(console)
            for area, strip in self.pieces()
        )

    def pieces(self) -> Iterator[tuple[Region, Strip]]:
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(x, first), min(end, last)
                if strip is not None and left < right:
                    yield Region(left, y, right - left, 1), strip.crop(left - x, right - x)


def painted(update: RenderableType, screen: Region) -> list[Region]:
    """Cells written, in coordinates of the screen: pieces of lines, or all of `screen`."""
    if isinstance(update, ExactUpdate):
        return [area for area, _ in update.pieces()]
    if isinstance(update, LayoutUpdate):
        return [update.region]
    if isinstance(update, ChopsUpdate):
        return [Region(0, y, last, 1) for y, _, last in update.spans]
    return [screen]
