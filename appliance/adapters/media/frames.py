"""Pictures out of a snippet: as few as possible, and from key frames where they suffice.

A key frame decodes by itself, so only the packets that are wanted reach the decoder. Browsers are
asked for a key frame a second; one that ignores this gives a single one, and then every frame
before a wanted one has to be decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.media.container import Demuxed, TimedPacket, check_size
from appliance.core.errors import BadMedia


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """`picture` is height x width x 3, uint8, blue-green-red; `at_s` from the snippet's start."""

    at_s: float
    picture: NDArray[np.uint8]


def evenly(duration_s: float, count: int) -> list[float]:
    """`count` moments, each in the middle of its share of the duration."""
    return [duration_s * (index + 0.5) / count for index in range(count)]


def every(duration_s: float, step_s: float) -> list[float]:
    """Moments `step_s` apart from the start; at least one."""
    count = max(1, round(duration_s / step_s))
    return [index * step_s for index in range(count)]


def stills_at(demuxed: Demuxed, moments: Sequence[float], slack_s: float = 0.6) -> Iterator[Still]:
    """One still near each moment, in order, without repeats.

    Key frames serve when every moment has one within `slack_s` (with a key frame a second the
    farthest is half a second away). Raises BadMedia when nothing can be decoded; single broken
    pictures are left out.
    """
    keys = [packet for packet in demuxed.video if packet.key]
    chosen = _nearest(keys, moments, slack_s)
    stills = _decode_alone(demuxed, chosen) if chosen else _decode_through(demuxed, moments)
    empty = True
    for still in stills:
        empty = False
        yield still
    if empty:
        raise BadMedia("No picture of the video could be decoded.")


def _nearest(
    keys: Sequence[TimedPacket], moments: Sequence[float], slack_s: float
) -> list[TimedPacket]:
    """The key packets nearest to the moments, or nothing when one is too far from its moment."""
    chosen: list[TimedPacket] = []
    last_key_s = keys[-1].at_s if keys else 0.0
    for moment in moments:
        near = min(keys, key=lambda packet: abs(packet.at_s - moment), default=None)
        if near is None:
            return []
        # Past the last key frame there may be up to a second of video: it is near enough.
        if abs(near.at_s - moment) > slack_s and not last_key_s <= moment <= last_key_s + 1.2:
            return []
        if not chosen or near is not chosen[-1]:
            chosen.append(near)
    return chosen


def _decode_alone(demuxed: Demuxed, packets: Sequence[TimedPacket]) -> Iterator[Still]:
    context = demuxed.video_stream.codec_context
    for timed in packets:
        frames = _decode(context, timed.packet)
        if frames:
            yield Still(timed.at_s, _pixels(frames[-1]))


def _decode_through(demuxed: Demuxed, moments: Sequence[float]) -> Iterator[Still]:
    context = demuxed.video_stream.codec_context
    waiting = list(moments)
    for timed in demuxed.video:
        if not waiting:
            return
        for frame in _decode(context, timed.packet):
            if waiting and timed.at_s >= waiting[0] - 1e-6:
                yield Still(timed.at_s, _pixels(frame))
                while waiting and timed.at_s >= waiting[0] - 1e-6:
                    waiting.pop(0)


def _decode(context: Any, packet: Any) -> list[Any]:
    try:
        return list(context.decode(packet))
    except av.FFmpegError:
        return []  # one broken picture is no reason to give up the snippet


def _pixels(frame: Any) -> NDArray[np.uint8]:
    check_size(frame.width, frame.height)
    # One thread: the worker may not start any.
    pixels: NDArray[np.uint8] = frame.reformat(format="bgr24", threads=1).to_ndarray()
    return pixels
