"""The snippet's sound as samples, for as long as one request lasts."""

from __future__ import annotations

import contextlib
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.media.container import Demuxed
from appliance.core.snippet import MAX_SNIPPET_SECONDS

RATE = 16_000
_MOST_SAMPLES = int(MAX_SNIPPET_SECONDS * RATE)


def samples(demuxed: Demuxed) -> NDArray[np.float32]:
    """Mono float32 at 16 kHz, -1..1, at most 35 s; empty without a sound track.

    Broken packets are left out.
    """
    stream = demuxed.audio_stream
    if stream is None:
        return np.zeros(0, np.float32)
    fifo = av.AudioFifo()
    for timed in demuxed.audio:
        _decode_into(fifo, stream.codec_context, timed.packet)
    whole = fifo.read(0, partial=True)  # one frame of everything: resampled in one go
    if whole is None:
        return np.zeros(0, np.float32)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    pieces = [
        frame.to_ndarray().reshape(-1)
        for given in (whole, None)  # None flushes
        for frame in resampler.resample(given)
    ]
    return np.concatenate(pieces)[:_MOST_SAMPLES].astype(np.float32, copy=False)


def _decode_into(fifo: Any, context: Any, packet: Any) -> None:
    # ValueError: a broken packet decoded to another rate or layout than the ones before it.
    with contextlib.suppress(av.FFmpegError, ValueError):
        for frame in context.decode(packet):
            frame.pts = None  # gaps do not matter to presence, and the fifo insists on none
            fifo.write(frame)
