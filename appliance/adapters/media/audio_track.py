"""The snippet's sound as samples, for as long as one request lasts."""

from __future__ import annotations

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
    context = stream.codec_context
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    pieces: list[NDArray[np.float32]] = []
    taken = 0
    for timed in demuxed.audio:
        for piece in _resampled(context, resampler, timed.packet):
            pieces.append(piece)
            taken += len(piece)
        if taken >= _MOST_SAMPLES:
            break
    pieces.extend(frame.to_ndarray().reshape(-1) for frame in resampler.resample(None))
    if not pieces:
        return np.zeros(0, np.float32)
    return np.concatenate(pieces)[:_MOST_SAMPLES].astype(np.float32, copy=False)


def _resampled(context: Any, resampler: Any, packet: Any) -> list[NDArray[np.float32]]:
    try:
        frames = context.decode(packet)
    except av.FFmpegError:
        return []
    return [
        converted.to_ndarray().reshape(-1)
        for frame in frames
        for converted in resampler.resample(frame)
    ]
