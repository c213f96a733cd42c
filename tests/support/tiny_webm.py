"""A small WebM video made without any picture material: a bar that moves over a colour."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache

import av
import numpy as np

WIDTH, HEIGHT, RATE = 160, 120, 10
_SOUND_HZ = 48_000


@cache
def tiny_webm(number: int, *, seconds: float = 1.0, sound: bool = False) -> bytes:
    """VP8, different for each `number`, with `sound` also Opus, a tone; a few kilobytes."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, 1000)
        track = container.add_stream("libopus", rate=_SOUND_HZ, layout="mono") if sound else None
        for n in range(round(seconds * RATE)):
            picture = np.full((HEIGHT, WIDTH, 3), (40, 20 * number % 256, 120), np.uint8)
            at = (n * 8 + number * 16) % WIDTH
            picture[:, at : at + 8] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = n * 1000 // RATE, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if track is not None:
            for n in range(round(seconds * 50)):
                when = np.arange(n * _SOUND_HZ // 50, (n + 1) * _SOUND_HZ // 50)
                tone = (8000 * np.sin(2 * np.pi * 440 * when / _SOUND_HZ)).astype(np.int16)
                heard = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
                heard.pts, heard.rate = n * _SOUND_HZ // 50, _SOUND_HZ
                container.mux(track.encode(heard))
            container.mux(track.encode())
    return file.getvalue()
