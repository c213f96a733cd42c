"""How large the small pictures of a hall are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_SMALLEST = 22  # cells across: a caption, and a picture of 21x8 below it
_LARGEST = 321  # the box's pictures are 320 pixels wide, and a cell shows at least one


@dataclass(frozen=True, slots=True)
class MosaicLayout:
    """`width` x `height` cells a tile: a caption, and below it a picture with a column free at its
    right; `across`: how many stand side by side."""

    width: int
    height: int
    across: int

    @property
    def picture(self) -> tuple[int, int]:
        """Columns and lines."""
        return self.width - 1, self.height - 1


SMALLEST = MosaicLayout(_SMALLEST, 9, 1)


def mosaic(seats: int, width: int, height: int) -> MosaicLayout:
    """The largest tiles with which all `seats` are on the screen of `width` x `height` cells, or
    the smallest there are, and the rest is scrolled to."""
    for wide in range(min(width + 1, _LARGEST), _SMALLEST, -1):
        tile = _of(wide, width)
        if -(-seats // tile.across) * tile.height <= height:
            return tile
    return _of(_SMALLEST, width)


def _of(wide: int, width: int) -> MosaicLayout:
    """A cell is half as wide as high: a 4:3 picture is 8/3 as many columns as lines. The column
    behind the last tile may lie beyond the edge."""
    return MosaicLayout(wide, 1 + round((wide - 1) * 3 / 8), max(1, (width + 1) // wide))
