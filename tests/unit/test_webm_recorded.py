"""Recordings made by a real muxer pass, lose what names their maker, and decode to the same."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
import pytest

from appliance.core.errors import BadMedia
from appliance.core.webm import check_and_strip

_open: Any = av.open  # its stubs tell reading from writing by the mode's value only
RATE, WIDTH, HEIGHT, SECONDS = 10, 160, 120, 2
_CANARY = "Canary Candidate"


@cache
def recording(video: str, *, sound: bool, live: bool, form: str = "webm") -> bytes:
    """Two seconds of moving noise with a title and a named track."""
    buffer = io.BytesIO()
    random = np.random.default_rng(7)
    picture = random.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    with _open(buffer, "w", format=form, options={"live": "1"} if live else {}) as container:
        container.metadata["title"] = container.metadata["artist"] = _CANARY
        pictures = container.add_stream(
            video, rate=RATE, options={"g": "10", "deadline": "realtime", "cpu-used": "8"}
        )
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        pictures.metadata["title"] = _CANARY
        voices = container.add_stream("libopus", rate=48_000, layout="mono") if sound else None
        for i in range(RATE * SECONDS):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, i, 1), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, RATE)
            container.mux(pictures.encode(frame))
            if voices is not None:
                samples = random.normal(0, 0.1, (1, 4_800)).astype(np.float32)
                heard = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                heard.sample_rate, heard.pts = 48_000, i * 4_800
                heard.time_base = Fraction(1, 48_000)
                container.mux(voices.encode(heard))
        container.mux(pictures.encode(None))
        if voices is not None:
            container.mux(voices.encode(None))
    return buffer.getvalue()


def decoded(data: bytes, *, sound: bool) -> list[tuple[int | None, bytes]]:
    with _open(io.BytesIO(data)) as container:
        streams = container.streams.audio if sound else container.streams.video
        return [(f.pts, f.to_ndarray().tobytes()) for f in container.decode(streams[0])]


@pytest.mark.parametrize("live", [False, True], ids=["with cues", "live"])
@pytest.mark.parametrize("sound", [False, True], ids=["silent", "sound"])
@pytest.mark.parametrize("video", ["libvpx", "libvpx-vp9"])
def test_same_pictures_and_sound_without_metadata(video: str, sound: bool, live: bool) -> None:
    data = recording(video, sound=sound, live=live)
    assert _CANARY.encode() in data
    result = check_and_strip(data)
    assert (result.width, result.height, result.has_sound) == (WIDTH, HEIGHT, sound)
    assert result.duration_s == pytest.approx(SECONDS, abs=0.05)
    assert result.key_frames == SECONDS
    for gone in (_CANARY.encode(), b"Lavf", b"Lavc", b"DURATION"):
        assert gone not in result.media
    assert len(result.media) == len(data)
    assert decoded(result.media, sound=False) == decoded(data, sound=False)
    if sound:
        assert decoded(result.media, sound=True) == decoded(data, sound=True)


def test_the_muxer_finds_no_names_any_more() -> None:
    result = check_and_strip(recording("libvpx", sound=True, live=False))
    with _open(io.BytesIO(result.media)) as container:
        assert not any(container.metadata.values())
        assert {k for s in container.streams for k in s.metadata} <= {"language"}
        assert {s.language for s in container.streams} == {"eng"}  # the format's own default


def test_key_frames_can_still_be_found_by_seeking() -> None:
    result = check_and_strip(recording("libvpx", sound=False, live=False))
    with _open(io.BytesIO(result.media)) as container:
        container.seek(1_000_000)  # microseconds
        first = next(container.decode(video=0))
        assert first.key_frame
        assert first.time == pytest.approx(1.0, abs=0.2)


def test_a_plain_matroska_file_is_refused() -> None:
    with pytest.raises(BadMedia) as refusal:
        check_and_strip(recording("libvpx", sound=False, live=False, form="matroska"))
    assert refusal.value.code == "not-webm"


def test_every_cut_is_refused_or_a_shorter_recording() -> None:
    """An upload that stops early never passes for the whole."""
    data = recording("libvpx", sound=True, live=False)
    for length in range(0, len(data), 997):
        with pytest.raises(BadMedia):
            check_and_strip(data[:length])
