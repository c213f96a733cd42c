"""The track descriptions of a snippet: one VP8 or VP9 picture, at most one Opus sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from appliance.core import ebml
from appliance.core.ebml import Budget, Element
from appliance.core.errors import BadMedia, TooLarge

_TRACK_ENTRY = 0xAE
_NUMBER = 0xD7
_UID = 0x73C5
_TYPE = 0x83
_CODEC_ID = 0x86
_CODEC_PRIVATE = 0x63A2
_CONTENT_ENCODINGS = 0x6D80
_VIDEO = 0xE0
_PIXEL_WIDTH, _PIXEL_HEIGHT = 0xB0, 0xBA
_COLOUR = 0x55B0
_COLOUR_KEPT = frozenset(range(0x55B1, 0x55BC))  # matrix, range, transfer, primaries: numbers
_AUDIO = 0xE1
_AUDIO_KEPT = frozenset({0xB5, 0x78B5, 0x9F, 0x6264})  # sampling, output sampling, channels, bits
# DefaultDuration, CodecDelay, SeekPreRoll
_NUMBERS_KEPT = frozenset({0x23E383, 0x56AA, 0x56BB})
_LONGEST_NUMBER = 8

_VIDEO_TYPE, _AUDIO_TYPE = 1, 2
_CODECS = {_VIDEO_TYPE: ("V_VP8", "V_VP9"), _AUDIO_TYPE: ("A_OPUS",)}
_OPUS_HEAD_BYTES = 19  # RFC 7845 section 5.1 with mapping family 0: one or two channels
_HIGHEST_TRACK_NUMBER = 126  # one byte in a block's header, as every recorder writes it


class PictureLimits(Protocol):
    @property
    def max_width(self) -> int: ...

    @property
    def max_height(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Track:
    """`width` and `height` in pixels, 0 for sound."""

    number: int
    is_video: bool
    codec: str
    width: int = 0
    height: int = 0


Edit = Callable[[int, bytes], None]


def read_tracks(
    data: bytes, tracks: Element, budget: Budget, limits: PictureLimits, edit: Edit
) -> dict[int, Track]:
    """The tracks by number; what is not needed is blanked through `edit` in file order."""
    found: dict[int, Track] = {}
    for child in ebml.children(data, tracks, budget):
        if child.id != _TRACK_ENTRY:
            _blank(child, edit)
            continue
        track = _track(data, child, budget, limits, edit)
        if track.number in found or any(t.is_video == track.is_video for t in found.values()):
            raise BadMedia(
                "The snippet has more than one picture or sound track.", code="several-tracks"
            )
        found[track.number] = track
    if not any(track.is_video for track in found.values()):
        raise BadMedia("The snippet has no video track.", code="no-video")
    return found


def _track(data: bytes, entry: Element, budget: Budget, limits: PictureLimits, edit: Edit) -> Track:
    # Two readings: what the entry is decides what of it is kept.
    first = {child.id: child for child in ebml.children(data, entry, budget)}
    if _CONTENT_ENCODINGS in first:
        raise BadMedia(
            "The snippet's content is compressed or encrypted.", code="encoding-not-allowed"
        )
    if not {_NUMBER, _TYPE, _CODEC_ID} <= first.keys():
        raise ebml.broken("a track is not described")
    number = ebml.unsigned(data, first[_NUMBER])
    kind = ebml.unsigned(data, first[_TYPE])
    codec = ebml.text(data, first[_CODEC_ID])
    if not 1 <= number <= _HIGHEST_TRACK_NUMBER:
        raise ebml.broken("a track has no usable number")
    if codec not in _CODECS.get(kind, ()):
        raise BadMedia(
            "The snippet must be VP8 or VP9 video with Opus sound: record as "
            "video/webm;codecs=vp8,opus.",
            code="codec-not-allowed",
        )
    width = height = 0
    seen: set[int] = set()
    for child in ebml.children(data, entry, budget):
        repeated = child.id in seen
        seen.add(child.id)
        if repeated and child.id != ebml.VOID:
            raise ebml.broken("a track says something twice")
        if child.id in (_NUMBER, _TYPE, _CODEC_ID):
            continue
        if child.id == _UID:
            _neutral_uid(child, number, edit)
        elif child.id == _VIDEO and kind == _VIDEO_TYPE:
            width, height = _picture(data, child, budget, limits, edit)
        elif child.id == _AUDIO and kind == _AUDIO_TYPE:
            _keep_numbers(data, child, budget, _AUDIO_KEPT, edit)
        elif child.id == _CODEC_PRIVATE and kind == _AUDIO_TYPE:
            _check_opus_head(data, child)
        elif child.id not in _NUMBERS_KEPT or child.end - child.body > _LONGEST_NUMBER:
            _blank(child, edit)
    if kind == _VIDEO_TYPE and not width:
        raise ebml.broken("the picture has no size")
    return Track(number, kind == _VIDEO_TYPE, codec, width, height)


def _picture(
    data: bytes, video: Element, budget: Budget, limits: PictureLimits, edit: Edit
) -> tuple[int, int]:
    size = {_PIXEL_WIDTH: 0, _PIXEL_HEIGHT: 0}
    for child in ebml.children(data, video, budget):
        if child.id in size:
            size[child.id] = ebml.unsigned(data, child)
        elif child.id == _COLOUR:
            _keep_numbers(data, child, budget, _COLOUR_KEPT, edit)
        else:
            _blank(child, edit)
    width, height = size[_PIXEL_WIDTH], size[_PIXEL_HEIGHT]
    if not width or not height:
        raise ebml.broken("the picture has no size")
    if width > limits.max_width or height > limits.max_height:
        raise TooLarge(
            f"The picture is larger than {limits.max_width} x {limits.max_height}.",
            code="picture-too-large",
        )
    return width, height


def _keep_numbers(
    data: bytes, parent: Element, budget: Budget, kept: frozenset[int], edit: Edit
) -> None:
    for child in ebml.children(data, parent, budget):
        if child.id not in kept or child.end - child.body > _LONGEST_NUMBER:
            _blank(child, edit)


def _check_opus_head(data: bytes, private: Element) -> None:
    content = data[private.body : min(private.end, private.body + 8)]
    if private.end - private.body != _OPUS_HEAD_BYTES or content != b"OpusHead":
        raise BadMedia("The snippet's sound is not plain Opus.", code="codec-not-allowed")


def _neutral_uid(uid: Element, number: int, edit: Edit) -> None:
    """Recorders write a random number here; the track's own number says as much."""
    length = uid.end - uid.body
    if not 1 <= length <= _LONGEST_NUMBER:
        raise ebml.broken("a track's id has no usable length")
    edit(uid.body, number.to_bytes(length, "big"))


def _blank(element: Element, edit: Edit) -> None:
    edit(element.start, ebml.void(element.end - element.start))
