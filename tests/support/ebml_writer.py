"""Writes EBML by hand, so that a test can make every container no recorder would make."""

from __future__ import annotations

UNKNOWN = (1 << 56) - 1

EBML, DOC_TYPE = 0x1A45DFA3, 0x4282
SEGMENT, INFO, TRACKS, CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
TAGS, ATTACHMENTS, CHAPTERS, SEEK_HEAD, CUES = (
    0x1254C367,
    0x1941A469,
    0x1043A770,
    0x114D9B74,
    0x1C53BB6B,
)
TRACK_ENTRY, NUMBER, UID, TYPE, CODEC, PRIVATE = 0xAE, 0xD7, 0x73C5, 0x83, 0x86, 0x63A2
VIDEO, WIDTH, HEIGHT, AUDIO = 0xE0, 0xB0, 0xBA, 0xE1
TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP, BLOCK, REFERENCE = 0xE7, 0xA3, 0xA0, 0xA1, 0xFB
VOID = 0xEC

OPUS_HEAD = b"OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00"


def number(value: int, length: int = 0) -> bytes:
    return value.to_bytes(length or max(1, (value.bit_length() + 7) // 8), "big")


def element(element_id: int, *content: bytes, size: int | None = None) -> bytes:
    """`size` overrides the true one; `UNKNOWN` leaves it open."""
    body = b"".join(content)
    length = len(body) if size is None else size
    return number(element_id) + ((1 << 56) | length).to_bytes(8, "big") + body


def vp8(*, key: bool = True, width: int = 320, height: int = 240, rest: bytes = b"x" * 20) -> bytes:
    """A VP8 frame as far as its uncompressed header goes."""
    if not key:
        return b"\x31\x00\x00" + rest
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"\x30\x00\x00\x9d\x01\x2a" + size + rest


def block(at: int, frame: bytes, *, track: int = 1, flags: int = 0x80) -> bytes:
    return bytes((0x80 | track,)) + at.to_bytes(2, "big", signed=True) + bytes((flags,)) + frame


def simple(at: int, frame: bytes, *, track: int = 1, flags: int = 0x80) -> bytes:
    return element(SIMPLE_BLOCK, block(at, frame, track=track, flags=flags))


def cluster(at: int, *blocks: bytes, size: int | None = None) -> bytes:
    return element(CLUSTER, element(TIMESTAMP, number(at)), *blocks, size=size)


def video_track(
    *,
    width: int = 320,
    height: int = 240,
    codec: bytes = b"V_VP8",
    track: int = 1,
    more: bytes = b"",
) -> bytes:
    picture = element(VIDEO, element(WIDTH, number(width)), element(HEIGHT, number(height)))
    return element(
        TRACK_ENTRY,
        element(NUMBER, number(track)),
        element(UID, number(0xDEADBEEFCAFE)),
        element(TYPE, number(1)),
        element(CODEC, codec),
        picture,
        more,
    )


def sound_track(*, codec: bytes = b"A_OPUS", track: int = 2, private: bytes = OPUS_HEAD) -> bytes:
    return element(
        TRACK_ENTRY,
        element(NUMBER, number(track)),
        element(TYPE, number(2)),
        element(CODEC, codec),
        element(PRIVATE, private),
        element(AUDIO, element(0x9F, number(1))),
    )


def header(doc_type: bytes = b"webm") -> bytes:
    return element(EBML, element(0x4286, number(1)), element(DOC_TYPE, doc_type))


def ten_frames(first: bytes | None = None) -> bytes:
    frames = [simple(0, vp8() if first is None else first)]
    frames += [simple(100 * i, vp8(key=False), flags=0) for i in range(1, 10)]
    return cluster(0, *frames)


def webm(*parts: bytes, tracks: bytes | None = None, size: int | None = None) -> bytes:
    """A whole file: `parts` follow the tracks inside the segment; ten frames when there are
    none."""
    described = element(TRACKS, video_track()) if tracks is None else tracks
    return header() + element(SEGMENT, described, *(parts or (ten_frames(),)), size=size)
