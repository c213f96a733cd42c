"""What a player would show of a snippet."""

from __future__ import annotations

import io

import av


def count_pictures(webm: bytes) -> int:
    """Decode every frame; the number of pictures."""
    with av.open(io.BytesIO(webm), mode="r", format="matroska") as container:
        return sum(1 for _ in container.decode(video=0))
