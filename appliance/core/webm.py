"""Is this a snippet as a browser's recorder writes it, and nothing else?

`check_and_strip` walks the container (Matroska, RFC 9559, in its WebM subset) without decoding
anything. It works by an allow-list: what it does not know becomes an EBMLVoid of the same
length, so that names, dates, tags, attachments and hidden bytes go and no offset moves. The
picture's size is read where a decoder reads it, in the VP8 key frames (RFC 6386 section 9.1),
not only where the container claims it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from appliance.core import ebml
from appliance.core.ebml import Budget, Element
from appliance.core.errors import BadMedia, TooLarge
from appliance.core.snippet import MAX_HEIGHT, MAX_SNIPPET_BYTES, MAX_SNIPPET_SECONDS, MAX_WIDTH
from appliance.core.webm_tracks import Track, read_tracks

_EBML = 0x1A45DFA3
_DOC_TYPE = 0x4282
_EBML_NUMBERS = frozenset({0x4286, 0x42F7, 0x42F2, 0x42F3, 0x4287, 0x4285})  # versions, lengths
_SEGMENT = 0x18538067
_INFO = 0x1549A966
_TRACKS = 0x1654AE6B
_CLUSTER = 0x1F43B675
# Level 1 by the specification: any of these ends a cluster whose size is left open.
_LEVEL_1 = frozenset(
    {_INFO, _TRACKS, _CLUSTER, 0x114D9B74, 0x1C53BB6B, 0x1254C367, 0x1941A469, 0x1043A770}
)
_TIMESTAMP_SCALE = 0x2AD7B1
_DURATION = 0x4489
_FLOATS = {4: ">f", 8: ">d"}
_MUXING_APP, _WRITING_APP = 0x4D80, 0x5741
_TIMESTAMP = 0xE7
_SIMPLE_BLOCK = 0xA3
_BLOCK_GROUP = 0xA0
_BLOCK = 0xA1
_REFERENCE_BLOCK = 0xFB
_GROUP_NUMBERS = frozenset({_REFERENCE_BLOCK, 0x9B, 0x75A2})  # reference, duration, padding
_ENCRYPTED_BLOCK = 0xAF

_MILLISECOND_SCALE = 1_000_000
_LACING, _KEY = 0x06, 0x80
_PRE_SKIP_MS = -1_000  # Opus may start a little before zero


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetLimits:
    """`max_elements` bounds the work: 35 s of sound in 2.5 ms packets and video at 60 frames a
    second is 16,100 blocks."""

    max_bytes: int = MAX_SNIPPET_BYTES
    max_seconds: float = MAX_SNIPPET_SECONDS
    max_width: int = MAX_WIDTH
    max_height: int = MAX_HEIGHT
    max_elements: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StrippedSnippet:
    """`media` has the length of what came in. `duration_s` is from the first to the end of the
    last block; `width` and `height` in pixels as the container says; `key_frames` is how many
    pictures stand alone."""

    media: bytes
    duration_s: float
    width: int
    height: int
    has_sound: bool
    key_frames: int


def check_and_strip(data: bytes, limits: SnippetLimits | None = None) -> StrippedSnippet:
    """The snippet without metadata. Linear in `len(data)`.

    Raises BadMedia with code `not-webm`, `truncated`, `broken`, `no-video`, `no-key-frame`,
    `several-tracks`, `codec-not-allowed`, `encoding-not-allowed`, `lacing`, `time-scale`, and
    TooLarge with code `snippet-too-large`, `picture-too-large`, `too-long`, `too-many-elements`.
    """
    limits = limits or SnippetLimits()
    if len(data) > limits.max_bytes:
        raise TooLarge(
            f"The snippet is larger than {limits.max_bytes // 1024} KiB: "
            "record shorter snippets or at a lower rate.",
            code="snippet-too-large",
        )
    return _Walk(data, limits).run()


@dataclass(slots=True)
class _Timeline:
    """Block times of one track, in milliseconds."""

    first: int | None = None
    last: int = 0
    step: int = 0
    blocks: int = 0

    def add(self, at: int) -> None:
        self.blocks += 1
        if self.first is None:
            self.first = self.last = at
        elif at > self.last:
            self.step, self.last = at - self.last, at

    @property
    def end(self) -> int:
        """A block lasts as long as the one before it did, at most a second."""
        return self.last + min(self.step, 1_000)


@dataclass(slots=True)
class _Walk:
    data: bytes
    limits: SnippetLimits
    budget: Budget = field(init=False)
    edits: list[tuple[int, bytes]] = field(default_factory=list)
    tracks: dict[int, Track] | None = None
    times: dict[int, _Timeline] = field(default_factory=dict)
    info_seen: bool = False
    duration: Element | None = None
    key_frames: int = 0

    def __post_init__(self) -> None:
        self.budget = Budget(self.limits.max_elements)

    def run(self) -> StrippedSnippet:
        at = self._header()
        while at < len(self.data):
            element = ebml.read_element(self.data, at, len(self.data), self.budget)
            if element.id == _SEGMENT and self.tracks is None:
                self._segment(element)
            elif element.id == ebml.VOID and element.sized:
                self._blank(element)
            else:
                raise ebml.broken("something follows the recording")
            at = element.end
        return self._result()

    # --- the whole ---------------------------------------------------------------------------

    def _header(self) -> int:
        data = self.data
        if data[:4] != _EBML.to_bytes(4, "big"):
            raise BadMedia("This is not a WebM file.", code="not-webm")
        header = ebml.read_element(data, 0, len(data), self.budget)
        if not header.sized:
            raise ebml.broken("the header has no size")
        kind = None
        for child in ebml.children(data, header, self.budget):
            if child.id == _DOC_TYPE:
                kind = ebml.text(data, child)
            elif child.id not in _EBML_NUMBERS or child.end - child.body > 8:
                self._blank(child)
        if kind != "webm":
            raise BadMedia("This is not a WebM file: record as video/webm.", code="not-webm")
        return header.end

    def _segment(self, segment: Element) -> None:
        at = segment.body
        while at < segment.end:
            element = ebml.read_element(self.data, at, segment.end, self.budget)
            if element.id == _CLUSTER:
                at = self._cluster(element)
                continue
            if not element.sized:
                raise ebml.broken("a part that must have a size has none")
            if element.id == _TRACKS:
                if self.tracks is not None:
                    raise ebml.broken("the tracks are described twice")
                self.tracks = read_tracks(self.data, element, self.budget, self.limits, self._edit)
                self.times = {number: _Timeline() for number in self.tracks}
            elif element.id == _INFO and not self.info_seen:
                self._info(element)
            else:
                self._blank(element)
            at = element.end
        if self.tracks is None:
            raise BadMedia("The snippet has no video track.", code="no-video")

    def _info(self, info: Element) -> None:
        self.info_seen = True
        for child in ebml.children(self.data, info, self.budget):
            if child.id == _TIMESTAMP_SCALE:
                if ebml.unsigned(self.data, child) != _MILLISECOND_SCALE:
                    raise BadMedia(
                        "The snippet counts time in another unit than browsers do.",
                        code="time-scale",
                    )
            elif child.id in (_MUXING_APP, _WRITING_APP):  # mandatory, so emptied, not removed
                self._edit(child.body, bytes(child.end - child.body))
            elif child.id == _DURATION and child.end - child.body in _FLOATS:
                self.duration = child
            else:
                self._blank(child)

    # --- blocks ------------------------------------------------------------------------------

    def _cluster(self, cluster: Element) -> int:
        """Returns where the cluster ends: known, or at the next element of the level above."""
        base: int | None = None
        at = cluster.body
        while at < cluster.end:
            if not cluster.sized and ebml.read_id(self.data, at, cluster.end)[0] in _LEVEL_1:
                break
            child = ebml.read_element(self.data, at, cluster.end, self.budget)
            if not child.sized:
                raise ebml.broken("a part that must have a size has none")
            if child.id == _TIMESTAMP:
                base = ebml.unsigned(self.data, child)
            elif child.id == _SIMPLE_BLOCK:
                flags = self._block(child, base)
                self._count_flagged_key(child, bool(flags & _KEY))
            elif child.id == _BLOCK_GROUP:
                self._block_group(child, base)
            elif child.id == _ENCRYPTED_BLOCK:
                raise BadMedia("The snippet is encrypted.", code="encoding-not-allowed")
            else:
                self._blank(child)
            at = child.end
        return at

    def _block_group(self, group: Element, base: int | None) -> None:
        block: Element | None = None
        refers = False
        for child in ebml.children(self.data, group, self.budget):
            if child.id == _BLOCK:
                if block is not None:
                    raise ebml.broken("a group has two blocks")
                block = child
                self._block(child, base)
            elif child.id == _REFERENCE_BLOCK:
                refers = True
            if child != block and (child.id not in _GROUP_NUMBERS or child.end - child.body > 8):
                self._blank(child)
        if block is not None:
            self._count_flagged_key(block, not refers)

    def _block(self, block: Element, base: int | None) -> int:
        """Check one block's header (RFC 9559 section 10.1) and frame; returns its flags."""
        if self.tracks is None:
            raise ebml.broken("pictures come before the tracks are described")
        if base is None:
            raise ebml.broken("a cluster has no time")
        number, at = ebml.read_vint(self.data, block.body, block.end)
        track = self.tracks.get(number or 0)
        if track is None or at + 3 > block.end:
            raise ebml.broken("a block belongs to no track")
        when = base + int.from_bytes(self.data[at : at + 2], "big", signed=True)
        flags = self.data[at + 2]
        if flags & _LACING:
            raise BadMedia("The snippet packs several frames into one block.", code="lacing")
        if not _PRE_SKIP_MS <= when <= self.limits.max_seconds * 1000:
            raise TooLarge(
                f"The snippet is longer than {self.limits.max_seconds:.0f} s: "
                "start a new recording for each snippet.",
                code="too-long",
            )
        self.times[track.number].add(when)
        if track.codec == "V_VP8":
            self._vp8_frame(track, at + 3, block.end)
        return flags

    def _vp8_frame(self, track: Track, at: int, end: int) -> None:
        """Bit 0 of the frame tag is clear in a key frame; then a start code and 14 bits each of
        width and height follow."""
        first = self.times[track.number].blocks == 1
        if at >= end or self.data[at] & 1:
            if first:
                raise _no_key_frame()
            return
        if at + 10 > end or self.data[at + 3 : at + 6] != b"\x9d\x01\x2a":
            raise ebml.broken("a picture does not start as VP8 does")
        width = int.from_bytes(self.data[at + 6 : at + 8], "little") & 0x3FFF
        height = int.from_bytes(self.data[at + 8 : at + 10], "little") & 0x3FFF
        if not (0 < width <= self.limits.max_width and 0 < height <= self.limits.max_height):
            raise TooLarge(
                f"The picture is larger than {self.limits.max_width} x {self.limits.max_height}.",
                code="picture-too-large",
            )
        self.key_frames += 1

    def _count_flagged_key(self, block: Element, key: bool) -> None:
        """VP9's own header is not read here; for it the container's word has to do."""
        number, _ = ebml.read_vint(self.data, block.body, block.end)
        track = (self.tracks or {}).get(number or 0)
        if track is None or track.codec != "V_VP9":
            return
        if not key and self.times[track.number].blocks == 1:
            raise _no_key_frame()
        self.key_frames += key

    # --- the result --------------------------------------------------------------------------

    def _blank(self, element: Element) -> None:
        self._edit(element.start, ebml.void(element.end - element.start))

    def _edit(self, at: int, content: bytes) -> None:
        self.edits.append((at, content))

    def _result(self) -> StrippedSnippet:
        video = next((t for t in (self.tracks or {}).values() if t.is_video), None)
        if video is None or self.times[video.number].blocks == 0:
            raise BadMedia("The snippet has no picture.", code="no-video")
        used = [t for t in self.times.values() if t.blocks]
        start = min(t.first for t in used if t.first is not None)
        milliseconds = max(t.end for t in used) - start
        if self.duration is not None:  # what was claimed gives way to what was counted
            form = _FLOATS[self.duration.end - self.duration.body]
            self._edit(self.duration.body, struct.pack(form, milliseconds))
        return StrippedSnippet(
            media=self._stripped(),
            duration_s=milliseconds / 1000,
            width=video.width,
            height=video.height,
            has_sound=any(t.blocks for n, t in self.times.items() if n != video.number),
            key_frames=self.key_frames,
        )

    def _stripped(self) -> bytes:
        """One joined copy. No two edits touch the same bytes."""
        view, pieces, at = memoryview(self.data), [], 0
        for start, content in sorted(self.edits):
            pieces += [view[at:start], memoryview(content)]
            at = start + len(content)
        return b"".join([*pieces, view[at:]])


def _no_key_frame() -> BadMedia:
    return BadMedia(
        "The snippet does not start with a whole picture: start a new recording for each snippet.",
        code="no-key-frame",
    )
