"""A QR code as text: two modules a cell, for dark ink on a white ground."""

from __future__ import annotations

import segno

_CELL = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
_QUIET = 2  # modules around it; scanners of today need no more


def half_blocks(content: str) -> str:
    """Lines of equal width. Error correction L, which a screen does not need more of."""
    code = segno.make(content, error="l", micro=False, boost_error=False)
    rows = [[int(bool(module)) for module in row] for row in code.matrix_iter(border=_QUIET)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return "\n".join(
        "".join(_CELL[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
