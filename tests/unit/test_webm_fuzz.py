"""Whatever comes in: an answer or a refusal, in bounded steps."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import BadMedia, TooLarge
from appliance.core.webm import SnippetLimits, check_and_strip
from tests.support import ebml_writer as w

_SEED = w.webm(
    w.element(w.INFO, w.element(0x7BA9, b"title"), w.element(0x4489, bytes(8))),
    w.cluster(0, w.simple(0, w.vp8()), w.simple(0, b"sound", track=2), size=w.UNKNOWN),
    w.cluster(900, w.element(w.BLOCK_GROUP, w.element(w.BLOCK, w.block(0, w.vp8())))),
    w.element(w.TAGS, b"tags"),
    tracks=w.element(w.TRACKS, w.video_track(), w.sound_track()),
    size=w.UNKNOWN,
)


def _holds(data: bytes) -> None:
    try:
        result = check_and_strip(data)
    except (BadMedia, TooLarge):
        return
    assert len(result.media) == len(data)
    assert 0 < result.width <= 1280
    assert 0 <= result.duration_s < 40
    assert check_and_strip(result.media) == result


@given(st.binary(max_size=300))
def test_noise(data: bytes) -> None:
    _holds(data)


@given(st.binary(max_size=200))
def test_noise_after_a_good_header(data: bytes) -> None:
    _holds(w.header() + w.element(w.SEGMENT, data, size=w.UNKNOWN))


@given(
    st.lists(st.tuples(st.integers(0, len(_SEED) - 1), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_a_recording_with_some_bytes_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(_SEED)
    for at, value in changes:
        data[at] = value
    _holds(bytes(data))


@given(st.integers(0, len(_SEED)), st.integers(0, len(_SEED)))
def test_a_recording_with_a_piece_cut_out(start: int, end: int) -> None:
    _holds(_SEED[:start] + _SEED[end:])


def test_the_worst_file_of_the_largest_size_is_refused_in_bounded_steps() -> None:
    """Four megabytes of the smallest elements: the budget ends it, not the size."""
    data = w.header() + w.element(w.SEGMENT, b"\xec\x80" * (2 * 1024 * 1024 - 64))
    started = time.process_time()
    with pytest.raises(TooLarge) as refusal:
        check_and_strip(data, SnippetLimits())
    assert refusal.value.code == "too-many-elements"
    assert time.process_time() - started < 1.0
