"""The ways to draw the seats of a hall."""

from __future__ import annotations

from enum import StrEnum


class Drawing(StrEnum):
    """The value is the id of the widget that draws so."""

    MAP = "map"
    LIST = "list"
    MOSAIC = "mosaic"
