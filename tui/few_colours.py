"""Pictures where a terminal has sixteen colours, and where its font has no half blocks.

Of sixteen colours the four greys show a face best: each pixel's nearest colour makes it one flat
patch, and dithering makes noise of it at some fifty pixels across (looked at side by side). The
fonts of Debian's console (package console-setup) have no half blocks and draw a sign for what is
missing in their place; a full block every one of them has.
"""

from __future__ import annotations

from PIL import Image, ImageOps

_CUT_PERCENT = 1  # of the darkest and the brightest pixels, before the rest is stretched
# Black, dark grey, light grey, white as the VGA has them; Rich takes these for the sixteen too.
_GREYS = bytes(85 * round(level / 85) for level in range(256))


def in_greys(rgb: bytes, width: int, height: int, *, whole_cells: bool) -> bytes:
    """The same picture in four greys, its contrast stretched to them. `whole_cells`: two pixels
    above each other, which share a cell, are alike; `height` is even."""
    image = ImageOps.grayscale(Image.frombytes("RGB", (width, height), rgb))
    if whole_cells:
        image = image.resize((width, height // 2), Image.Resampling.BOX)
    few = ImageOps.autocontrast(image, cutoff=_CUT_PERCENT).point(_GREYS)
    return few.resize((width, height), Image.Resampling.NEAREST).convert("RGB").tobytes()
