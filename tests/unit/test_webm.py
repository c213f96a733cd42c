"""What the container check accepts, refuses and removes, on files written byte by byte."""

from __future__ import annotations

import struct

import pytest

from appliance.core.errors import BadInput, BadMedia, TooLarge
from appliance.core.webm import SnippetLimits, StrippedSnippet, check_and_strip
from tests.support import ebml_writer as w
from tests.support.ebml_writer import element, number, simple, vp8, webm


def refusal(data: bytes, limits: SnippetLimits | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        check_and_strip(data, limits)
    assert isinstance(caught.value, BadMedia | TooLarge)
    return caught.value.code


def test_a_plain_recording() -> None:
    data = webm()
    result = check_and_strip(data)
    assert (result.duration_s, result.width, result.height) == (1.0, 320, 240)
    assert (result.has_sound, result.key_frames) == (False, 1)
    assert len(result.media) == len(data)


def test_open_sizes_as_a_browser_streams_them() -> None:
    parts = [
        w.cluster(0, simple(0, vp8()), size=w.UNKNOWN),
        w.cluster(5_000, simple(0, vp8()), simple(500, vp8(key=False)), size=w.UNKNOWN),
        element(w.TAGS, b"secret"),
    ]
    result = check_and_strip(webm(*parts, size=w.UNKNOWN))
    assert (result.duration_s, result.key_frames) == (6.0, 2)
    assert b"secret" not in result.media


def test_as_safari_writes_it() -> None:
    """Since 18.4: sizes left open as its writer cannot go back, a cluster for each second, the
    depth of the sound's samples, and Cues behind the last cluster."""
    sound = element(
        w.TRACK_ENTRY,
        element(w.NUMBER, number(2)),
        element(w.TYPE, number(2)),
        element(w.CODEC, b"A_OPUS"),
        element(w.PRIVATE, w.OPUS_HEAD),
        element(0xE1, element(0x9F, number(1)), element(0x6264, number(32))),
    )
    clusters = [
        w.cluster(
            second * 1_000,
            simple(0, b"opus", track=2),
            simple(5, vp8()),
            simple(500, vp8(key=False)),
            size=w.UNKNOWN,
        )
        for second in range(5)
    ]
    tracks = element(w.TRACKS, w.video_track(), sound)
    result = check_and_strip(
        webm(*clusters, element(w.CUES, b"where"), tracks=tracks, size=w.UNKNOWN)
    )
    assert (result.key_frames, result.has_sound) == (5, True)
    assert b"where" not in result.media


def test_sound_is_told_only_when_there_is_some() -> None:
    tracks = element(w.TRACKS, w.video_track(), w.sound_track())
    silent = webm(w.ten_frames(), tracks=tracks)
    loud = webm(w.cluster(0, simple(0, vp8()), simple(20, b"opus", track=2)), tracks=tracks)
    assert not check_and_strip(silent).has_sound
    assert check_and_strip(loud).has_sound


def test_block_groups_and_vp9() -> None:
    tracks = element(w.TRACKS, w.video_track(codec=b"V_VP9"))
    key = element(w.BLOCK_GROUP, element(w.BLOCK, w.block(0, b"frame", flags=0)))
    inter = element(
        w.BLOCK_GROUP,
        element(w.BLOCK, w.block(40, b"frame", flags=0)),
        element(w.REFERENCE, b"\xd8"),
    )
    assert check_and_strip(webm(w.cluster(0, key, inter), tracks=tracks)).key_frames == 1
    assert refusal(webm(w.cluster(0, inter), tracks=tracks)) == "no-key-frame"


SECRET = b"Canary Candidate 2009-05-05"


@pytest.mark.parametrize(
    "hidden",
    [
        element(w.TAGS, SECRET),
        element(w.ATTACHMENTS, SECRET),
        element(w.CHAPTERS, SECRET),
        element(w.SEEK_HEAD, SECRET),
        element(w.CUES, SECRET),
        element(w.VOID, SECRET),
        element(w.INFO, element(0x7BA9, SECRET), element(0x4D80, SECRET), element(0x5741, SECRET)),
        element(w.INFO, element(0x73A4, SECRET), element(0x4461, SECRET[:8])),
        element(0x1A2B3C4D, SECRET),
        w.cluster(2_000, element(0xBF, SECRET), element(0xA7, SECRET)),
    ],
    ids=lambda value: f"{value[:4].hex()}" if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("before", [True, False])
def test_what_is_not_needed_is_blanked_in_place(hidden: bytes, before: bool) -> None:
    plain = webm(w.ten_frames())
    parts = (hidden, w.ten_frames()) if before else (w.ten_frames(), hidden)
    result = check_and_strip(webm(*parts))
    assert SECRET not in result.media
    assert SECRET[:8] not in result.media
    assert len(result.media) == len(plain) + len(hidden)
    assert check_and_strip(result.media) == result  # stripping twice changes nothing


def test_track_names_go_and_the_uid_says_only_the_number() -> None:
    more = element(0x536E, SECRET) + element(0x22B59C, SECRET) + element(w.PRIVATE, SECRET)
    tracks = element(w.TRACKS, w.video_track(track=7, more=more))
    data = webm(w.cluster(0, simple(0, vp8(), track=7)), tracks=tracks)
    result = check_and_strip(data)
    assert SECRET not in result.media
    assert 0xDEADBEEFCAFE.to_bytes(6, "big") not in result.media
    assert element(w.UID, number(7, 6)) in result.media


def test_a_claimed_duration_gives_way_to_the_counted_one() -> None:
    info = element(w.INFO, element(0x4489, struct.pack(">d", 9e9)))
    result = check_and_strip(webm(info, w.ten_frames()))
    assert struct.pack(">d", 1000.0) in result.media
    assert struct.pack(">d", 9e9) not in result.media


@pytest.mark.parametrize("length", [2, 3, 127, 128, 129, 130, 300])
def test_a_void_of_every_length(length: int) -> None:
    from appliance.core import ebml

    void = ebml.void(length)
    assert len(void) == length
    parsed = ebml.read_element(void, 0, length, ebml.Budget(1))
    assert (parsed.id, parsed.end) == (ebml.VOID, length)


def _tracks(*entries: bytes) -> bytes:
    return webm(tracks=element(w.TRACKS, *entries))


_WHOLE = webm()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-webm"),
        (b"GIF89a", "not-webm"),
        (b"\x00\x00\x00\x18ftypmp42", "not-webm"),
        (w.header(b"matroska") + _WHOLE[len(w.header()) :], "not-webm"),
        (w.header(b"webm" + bytes(29) + b"name"), "broken"),
        (w.header(), "no-video"),
        (_WHOLE[:-1], "truncated"),
        (_WHOLE[: len(_WHOLE) // 2], "truncated"),
        (_WHOLE + element(w.TAGS, b"x"), "broken"),
        (_WHOLE + _WHOLE[len(w.header()) :], "broken"),
        (webm(element(w.CLUSTER, element(w.TIMESTAMP, b"\x00"), size=5)), "broken"),
        (webm(element(w.TAGS, size=w.UNKNOWN), size=w.UNKNOWN), "broken"),
        (webm(w.cluster(0), tracks=b""), "no-video"),
        (webm(w.ten_frames(), tracks=b""), "broken"),
        (webm(w.cluster(0)), "no-video"),
        (_tracks(w.sound_track()), "no-video"),
        (_tracks(w.video_track(), w.video_track(track=2)), "several-tracks"),
        (_tracks(w.video_track(), w.sound_track(), w.sound_track(track=3)), "several-tracks"),
        (_tracks(w.video_track(), w.sound_track(track=1)), "several-tracks"),
        (_tracks(w.video_track(codec=b"V_MPEG4/ISO/AVC")), "codec-not-allowed"),
        (_tracks(w.video_track(codec=b"V_AV1")), "codec-not-allowed"),
        (_tracks(w.video_track(), w.sound_track(codec=b"A_VORBIS")), "codec-not-allowed"),
        (_tracks(w.video_track(), w.sound_track(private=b"x" * 19)), "codec-not-allowed"),
        (_tracks(w.video_track(more=element(0x6D80, b""))), "encoding-not-allowed"),
        (_tracks(w.video_track(width=1281)), "picture-too-large"),
        (_tracks(w.video_track(height=100_000)), "picture-too-large"),
        (_tracks(w.video_track(width=0)), "broken"),
        (_tracks(w.video_track(), w.video_track(track=0)), "broken"),
        (webm(w.ten_frames(vp8(width=16_000, height=16_000))), "picture-too-large"),
        (webm(w.ten_frames(vp8(width=0))), "picture-too-large"),
        (webm(w.ten_frames(vp8(key=False))), "no-key-frame"),
        (webm(w.ten_frames(b"\x30\x00\x00nonsense-here")), "broken"),
        (webm(w.ten_frames(b"\x30")), "broken"),
        (webm(w.cluster(0, simple(0, vp8(), track=9))), "broken"),
        (webm(w.cluster(0, simple(0, vp8(), flags=0x86))), "lacing"),
        (webm(w.cluster(36_000, simple(0, vp8()))), "too-long"),
        (webm(w.cluster(1 << 62, simple(0, vp8()))), "too-long"),
        (webm(w.cluster(0, simple(-2_000, vp8()))), "too-long"),
        (webm(element(w.CLUSTER, simple(0, vp8()))), "broken"),
        (webm(element(w.INFO, element(0x2AD7B1, number(1))), w.ten_frames()), "time-scale"),
        (webm(w.cluster(0, element(0xAF, b"x"))), "encoding-not-allowed"),
        (webm(*([element(w.VOID)] * 30_000)), "too-many-elements"),
        (b"\x1a\x45\xdf\xa3" + bytes(5 << 20), "snippet-too-large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_tighter_limits() -> None:
    data = webm()
    assert refusal(data, SnippetLimits(max_width=319)) == "picture-too-large"
    assert refusal(data, SnippetLimits(max_seconds=0.5)) == "too-long"
    assert refusal(data, SnippetLimits(max_bytes=len(data) - 1)) == "snippet-too-large"
    assert isinstance(check_and_strip(data, SnippetLimits(max_bytes=len(data))), StrippedSnippet)
