"""Where up to nine pictures stand on one screen. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MOST_TILES = 9


@dataclass(frozen=True, slots=True)
class WallLayout:
    """Equal tiles of `tile_width` x `tile_height` cells, the first line of each for its caption."""

    columns: int
    rows: int
    tile_width: int
    tile_height: int

    @property
    def picture_height(self) -> int:
        return max(0, self.tile_height - 1)

    def tile_at(self, x: int, y: int) -> int:
        """The number of the tile at a cell, counted from 0 along the rows."""
        column = min(self.columns - 1, x // max(1, self.tile_width))
        return min(self.rows - 1, y // max(1, self.tile_height)) * self.columns + column


def wall(tiles: int, width: int, height: int) -> WallLayout:
    """The grid that gives `tiles` pictures of 4:3 the most cells."""
    best = WallLayout(1, max(1, tiles), width, max(1, height // max(1, tiles)))
    best_area = -1.0
    for columns in range(1, min(tiles, MOST_TILES) + 1):
        rows = -(-tiles // columns)
        layout = WallLayout(columns, rows, width // columns, height // rows)
        # A cell is half as wide as high: a 4:3 picture is 8/3 as many columns as lines.
        scale = min(layout.tile_width / (8 / 3), layout.picture_height)
        if scale > best_area:
            best, best_area = layout, scale
    return best
