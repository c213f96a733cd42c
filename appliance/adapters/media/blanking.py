"""A snippet with spans of it made black and silent, encoded anew. In memory, from bytes to bytes.

Nothing of a blanked picture is left: the encoder is given the black picture, not a mask over the
real one, and the container is made new (no title, no tags, no padding).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.media.container import Demuxed, SnippetContainer
from appliance.core.errors import BadMedia

Span = tuple[float, float]

_MILLISECOND = Fraction(1, 1000)
_RATE = 48_000  # Opus' own
_OPUS_SAMPLES = 960  # 20 ms
_LEAST_BIT_RATE = 250_000
# One thread, for the decoder's cell allows no second; quick, for an hour has 360 snippets.
_QUICK = {"deadline": "realtime", "cpu-used": "4", "threads": "1"}


def blank(media: bytes, spans: Sequence[Span]) -> bytes:
    """WebM (VP8, Opus) that lasts as long as `media` did. `spans`: seconds from the first packet.

    Raises BadMedia for what is not a snippet, or has no picture that can be decoded.
    """
    with SnippetContainer(media) as demuxed:
        file = io.BytesIO()
        with av.open(file, "w", format="webm") as target:
            rate = len(media) * 8 / max(demuxed.duration_s, 1.0)
            packets = list(_video(target, _pictures(demuxed, spans), round(rate)))
            if demuxed.audio_stream is not None:
                packets += _audio(target, _sound(demuxed, spans))
            if not packets:
                raise BadMedia("The video file holds no picture that can be decoded.")
            for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
                target.mux(packet)
    return file.getvalue()


def _inside(at_s: float, spans: Sequence[Span]) -> bool:
    return any(start <= at_s <= end for start, end in spans)


def _pictures(demuxed: Demuxed, spans: Sequence[Span]) -> Iterator[tuple[float, Any]]:
    """(seconds, picture of the size of the first one)."""
    size: tuple[int, int] | None = None
    for timed in demuxed.video:
        with contextlib.suppress(av.FFmpegError, ValueError):  # a broken packet is left out
            for frame in demuxed.video_stream.codec_context.decode(timed.packet):
                size = size or (frame.width - frame.width % 2, frame.height - frame.height % 2)
                if _inside(timed.at_s, spans):
                    yield timed.at_s, _black(size)
                else:
                    yield timed.at_s, frame.reformat(*size, format="yuv420p")


def _black(size: tuple[int, int]) -> Any:
    """Video range: 16 is black, 128 no colour."""
    width, height = size
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = 16
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _video(target: Any, pictures: Iterable[tuple[float, Any]], bit_rate: int) -> Iterator[Any]:
    stream, last = None, -1
    for at_s, picture in pictures:
        if stream is None:
            stream = target.add_stream("libvpx", rate=30, options=_QUICK)
            stream.width, stream.height = picture.width, picture.height
            stream.pix_fmt, stream.bit_rate = "yuv420p", max(bit_rate, _LEAST_BIT_RATE)
            stream.time_base = stream.codec_context.time_base = _MILLISECOND
            stream.codec_context.thread_count, stream.gop_size = 1, 20
        last = max(last + 1, round(at_s * 1000))
        picture.pts, picture.time_base = last, _MILLISECOND
        picture.pict_type = av.video.frame.PictureType.NONE  # the encoder decides, not the source
        yield from stream.encode(picture)
    if stream is not None:
        yield from stream.encode(None)


def _sound(demuxed: Demuxed, spans: Sequence[Span]) -> NDArray[np.int16]:
    """Each packet's samples at its own time; silence in the gaps and in the spans."""
    whole = np.zeros(round(demuxed.duration_s * _RATE) + _OPUS_SAMPLES, np.int16)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
    stream: Any = demuxed.audio_stream
    for timed in demuxed.audio:
        at = round(timed.at_s * _RATE)
        with contextlib.suppress(av.FFmpegError, ValueError):
            for frame in stream.codec_context.decode(timed.packet):
                frame.pts = None
                for piece in resampler.resample(frame):
                    samples = piece.to_ndarray().reshape(-1)[: max(0, len(whole) - at)]
                    whole[at : at + len(samples)] = samples
                    at += len(samples)
    for start, end in spans:
        whole[max(0, round(start * _RATE)) : max(0, round(end * _RATE))] = 0
    return whole


def _audio(target: Any, sound: NDArray[np.int16]) -> Iterator[Any]:
    stream = target.add_stream("libopus", rate=_RATE, layout="mono")
    for start in range(0, len(sound), _OPUS_SAMPLES):
        piece = np.ascontiguousarray(sound[start : start + _OPUS_SAMPLES])
        frame = av.AudioFrame.from_ndarray(piece[None, :], format="s16", layout="mono")
        frame.sample_rate = _RATE
        frame.pts, frame.time_base = start, Fraction(1, _RATE)
        yield from stream.encode(frame)
    yield from stream.encode(None)
