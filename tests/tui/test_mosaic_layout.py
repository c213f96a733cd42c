"""The small pictures of a hall grow with the screen, as far as all seats are on it."""

from __future__ import annotations

import pytest

from tui.mosaic_layout import mosaic


@pytest.mark.parametrize(
    ("seats", "width", "height", "tile"),
    [
        (30, 44, 18, (22, 9, 2)),  # 80x24: the smallest, the rest is scrolled to
        (200, 264, 80, (22, 9, 12)),  # too many also for a large screen
        (30, 264, 80, (42, 16, 6)),
        (6, 264, 80, (88, 34, 3)),
        (1, 264, 80, (212, 80, 1)),
        (1, 900, 300, (321, 121, 2)),  # no larger than the pictures are
        (0, 44, 18, (45, 17, 1)),
        (5, 10, 3, (22, 9, 1)),  # hardly a screen
    ],
    ids=["small", "crowded", "class", "few", "one", "wall", "nobody", "tiny"],
)
def test_tiles_are_as_large_as_leaves_all_seats_on_the_screen(
    seats: int, width: int, height: int, tile: tuple[int, int, int]
) -> None:
    found = mosaic(seats, width, height)
    assert (found.width, found.height, found.across) == tile
    across, down = found.picture
    assert across / down == pytest.approx(8 / 3, rel=0.04)
    if (found.width, found.height) != (22, 9):
        assert -(-seats // found.across) * found.height <= height
