"""Choosing the one still that stands for a snippet."""

from __future__ import annotations

from appliance.adapters.media.frames import Still
from appliance.adapters.media.stills import to_jpeg

_MIDDLE = (0.25, 0.75)  # of the snippet: its edges are where people sit down and get up


class ThumbnailChoice:
    """The sharpest of the stills in the middle; any still when there is none in the middle."""

    def __init__(self, duration_s: float) -> None:
        self._from, self._to = (share * duration_s for share in _MIDDLE)
        self._best: tuple[bool, float] | None = None
        self._still: Still | None = None

    def offer(self, still: Still, sharpness: float) -> None:
        rank = (self._from <= still.at_s <= self._to, sharpness)
        if self._best is None or rank > self._best:
            self._best, self._still = rank, still

    def jpeg(self, width: int) -> bytes | None:
        """None when nothing was offered."""
        return None if self._still is None else to_jpeg(self._still.picture, width)
