"""What the line above the keys says when the box has more to look at than it can."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.overload import LeftOut
from tests.tui.halls import BOX
from tui.widgets.status_line import _box_parts


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (0, ""),
        (1, "BUSY: no head turns"),
        (2, "BUSY: no head turns, half the pictures"),
        (3, "BUSY: no head turns, half the pictures, no thumbnails"),
    ],
)
def test_what_is_left_out_is_said_first_and_in_one_line(level: int, said: str) -> None:
    box = replace(BOX, left_out=tuple(LeftOut)[:level], backlog=140)
    line = "".join(part for part, _ in _box_parts(box))
    assert line.startswith(f" · {said}" if said else " · relay ok")
    assert ("BUSY" in line) == bool(level)
    assert "140 waiting" in line
