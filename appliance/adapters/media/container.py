"""Reading a snippet's container without believing a word of it.

A candidate's browser made the file, so it is hostile until shown otherwise. The demuxer is fixed
(no probing: some of FFmpeg's other demuxers open further files), codecs are those browsers record,
and the header's sizes and durations are never used: only what the packets themselves say.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import av

from appliance.core.errors import BadMedia
from appliance.core.snippet import MAX_HEIGHT, MAX_SNIPPET_BYTES, MAX_SNIPPET_SECONDS, MAX_WIDTH

_VIDEO_CODECS = frozenset({"vp8", "vp9", "av1", "libdav1d", "h264"})
_AUDIO_CODECS = frozenset({"opus", "libopus"})
_MOST_PACKETS = 8_000  # 35 s of 60 frames and of 100 sound packets a second, and some slack
_MOST_STREAMS = 4
_LONGEST_PACKET_S = 1.0  # a packet says itself how long it plays

# Given to the decoders and to the probing that FFmpeg does while it opens a file: a picture that
# claims to be larger is refused before memory is taken for it.
_LIMITS = {"max_pixels": str(MAX_WIDTH * MAX_HEIGHT), "threads": "1"}


@dataclass(frozen=True, slots=True, eq=False)
class TimedPacket:
    """A packet and when it plays, in seconds from the snippet's first packet."""

    at_s: float
    key: bool
    packet: Any


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Demuxed:
    """Packets in file order. `duration_s` is where the last packet ends, by its own time."""

    video: tuple[TimedPacket, ...]
    audio: tuple[TimedPacket, ...]
    video_stream: Any
    audio_stream: Any | None
    duration_s: float


class SnippetContainer:
    """Packets and streams are of use between entry and exit only.

    Without `sound` the sound track's packets, five in six of a snippet's, are not even looked at.
    """

    def __init__(self, media: bytes, *, sound: bool = True) -> None:
        self._media = media
        self._with_sound = sound
        self._container: Any = None

    def __enter__(self) -> Demuxed:
        """Raises BadMedia for whatever is not a whole snippet."""
        if len(self._media) > MAX_SNIPPET_BYTES:
            raise BadMedia("The video file is larger than a snippet can be.")
        try:
            self._container = av.open(
                io.BytesIO(self._media),
                format="matroska",
                options=dict(_LIMITS),
                container_options={"probesize": "500000", "analyzeduration": "1000000"},
            )
            return self._demux()
        except BadMedia:
            self._close()
            raise
        except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
            self._close()
            raise BadMedia("The video file cannot be read: it is not a whole WebM file.") from error

    def __exit__(self, *exc: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def _demux(self) -> Demuxed:
        container = self._container
        if len(container.streams) > _MOST_STREAMS:
            raise BadMedia("The video file holds more tracks than a snippet has.")
        if not container.streams.video:
            raise BadMedia("The video file holds no picture.")
        video_stream = container.streams.video[0]
        audio_stream = None
        if self._with_sound and container.streams.audio:
            audio_stream = container.streams.audio[0]
        _check_video(video_stream)
        if audio_stream is not None:
            _check_audio(audio_stream)
        video: list[TimedPacket] = []
        audio: list[TimedPacket] = []
        wanted = [stream for stream in (video_stream, audio_stream) if stream is not None]
        # As floats, once: a fraction per packet costs as much as reading the file.
        units = {stream.index: float(stream.time_base) for stream in wanted}
        picture_index = video_stream.index
        started: float | None = None
        ends = 0.0
        for count, packet in enumerate(container.demux(wanted)):
            if count > _MOST_PACKETS:
                raise BadMedia("The video file holds more packets than a snippet can.")
            pts = packet.pts
            if packet.size == 0 or pts is None:
                continue  # the demuxer's end marks, and packets nobody could place in time
            index = packet.stream_index
            unit = units[index]
            at_s = pts * unit
            started = at_s if started is None else started
            at_s -= started
            if not -1.0 <= at_s <= MAX_SNIPPET_SECONDS:
                raise BadMedia(
                    f"The video file lasts longer than {MAX_SNIPPET_SECONDS:.0f} seconds."
                )
            timed = TimedPacket(max(at_s, 0.0), bool(packet.is_keyframe), packet)
            (video if index == picture_index else audio).append(timed)
            ends = max(ends, at_s + min((packet.duration or 0) * unit, _LONGEST_PACKET_S))
        if not video:
            raise BadMedia("The video file holds no picture.")
        return Demuxed(
            video=tuple(video),
            audio=tuple(audio),
            video_stream=video_stream,
            audio_stream=audio_stream,
            duration_s=min(ends, MAX_SNIPPET_SECONDS),
        )


def _check_video(stream: Any) -> None:
    context = stream.codec_context
    if context.name not in _VIDEO_CODECS:
        raise BadMedia("The picture is in a format that no supported browser records.")
    check_size(context.width, context.height)
    context.thread_type = "NONE"
    context.thread_count = 1
    context.options = {"max_pixels": _LIMITS["max_pixels"]}


def _check_audio(stream: Any) -> None:
    if stream.codec_context.name not in _AUDIO_CODECS:
        raise BadMedia("The sound is in a format that no supported browser records.")


def check_size(width: int, height: int) -> None:
    """Raise BadMedia when a picture is larger than a snippet's may be, or has no size."""
    if not (0 < width <= MAX_WIDTH and 0 < height <= MAX_HEIGHT):
        raise BadMedia(
            f"The picture has {width} x {height} pixels; {MAX_WIDTH} x {MAX_HEIGHT} is the most."
        )
