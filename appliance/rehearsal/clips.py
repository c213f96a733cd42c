"""Snippets as a candidate's browser would record them: WebM, VP8 and Opus, a key frame a second."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

from appliance.rehearsal import material
from appliance.rehearsal.material import SOUND_RATE, Person, Picture, Samples
from appliance.rehearsal.scenes import Camera, Scene, SceneKind, kind_at

FRAMES_PER_SECOND = 10
_VIDEO_OPTIONS = {
    "deadline": "realtime",
    "cpu-used": "8",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
    "error-resilient": "1",
}
# The least of the encoder's ten efforts: half the cost of all staged footage was here.
_SOUND_OPTIONS = {"compression_level": "0"}
_SOUNDS = {SceneKind.CONVERSATION: "conversation", SceneKind.NOISE: "noise"}
_USUAL_SOUND = "quiet"
_OPUS_SAMPLES = 960  # 20 ms


def encode_webm(
    pictures: Iterable[Picture],
    sound: Samples | None = None,
    *,
    frames_per_second: int = FRAMES_PER_SECOND,
    key_frame_every: int | None = None,
    video_bits_per_second: int = 130_000,
    audio_bits_per_second: int = 24_000,
) -> bytes:
    """All pictures must have the size of the first. A key frame a second unless told otherwise."""
    out = io.BytesIO()
    remaining = iter(pictures)
    first = next(remaining)
    with av.open(out, "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=frames_per_second, options=_VIDEO_OPTIONS)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        video.bit_rate = video_bits_per_second
        video.gop_size = key_frame_every or frames_per_second
        # More threads wait for each other by spinning: on a busy machine a snippet of five
        # seconds then takes half a minute.
        video.codec_context.thread_count = 1
        audio = None
        if sound is not None:
            audio = container.add_stream(
                "libopus", rate=SOUND_RATE, layout="mono", options=_SOUND_OPTIONS
            )
            audio.bit_rate = audio_bits_per_second
        _encode_video(container, video, [first, *remaining])
        if audio is not None and sound is not None:
            _encode_sound(container, audio, sound)
    return out.getvalue()


def _encode_video(container: Any, stream: Any, pictures: Sequence[Picture]) -> None:
    for picture in pictures:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _encode_sound(container: Any, stream: Any, sound: Samples) -> None:
    for start in range(0, len(sound), _OPUS_SAMPLES):
        piece = sound[start : start + _OPUS_SAMPLES]
        frame = av.AudioFrame.from_ndarray(piece[None, :], format="s16", layout="mono")
        frame.sample_rate = SOUND_RATE
        frame.pts, frame.time_base = start, Fraction(1, SOUND_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


class StagedFootage:
    """One simulated candidate's camera and microphone; implements the candidate's `Footage`."""

    def __init__(
        self,
        person: Person,
        other: Person,
        scenes: Sequence[Scene] = (),
        size: tuple[int, int] = (320, 240),
    ) -> None:
        self._camera = Camera(person, other, scenes, size)
        self._portrait_camera = Camera(person, other, (), (640, 480))
        self._scenes = tuple(scenes)

    def portrait(self) -> bytes:
        """The photo of the check-in: JPEG, 640 x 480."""
        return jpeg(self._portrait_camera.picture(0.0))

    def picture(self, at_s: float) -> Picture:
        """Red-green-blue."""
        return self._camera.picture(at_s)

    def snippet(self, start_s: float, seconds: float, *, sound: bool) -> bytes:
        """A self-contained WebM of what happens from `start_s` on."""
        count = round(seconds * FRAMES_PER_SECOND)
        moments = [start_s + index / FRAMES_PER_SECOND for index in range(count)]
        return encode_webm(
            (self._camera.picture(moment) for moment in moments),
            self.sound(start_s, seconds) if sound else None,
        )

    def sound(self, start_s: float, seconds: float) -> Samples:
        """48 kHz mono; recordings loop."""
        piece = SOUND_RATE // 10
        pieces = []
        for index in range(round(seconds * 10)):
            at_s = start_s + index / 10
            recording = material.sound(_SOUNDS.get(kind_at(self._scenes, at_s), _USUAL_SOUND))
            offset = round(at_s * SOUND_RATE) % len(recording)
            pieces.append(np.take(recording, range(offset, offset + piece), mode="wrap"))
        return np.concatenate(pieces)


def jpeg(picture: Picture) -> bytes:
    """One picture as JPEG."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height = frame.width, frame.height
    codec.pix_fmt = "yuvj420p"
    codec.time_base = Fraction(1, 25)
    codec.options = {"q:v": "3", "qmin": "2", "qmax": "4"}
    packets = [*codec.encode(frame.reformat(format="yuvj420p")), *codec.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
