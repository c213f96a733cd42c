"""What the gateway and a media worker say to each other (MessagePack over a Unix socket).

The worker keeps no state between requests (DESIGN ruling 15): `state` is opaque bytes that the
gateway keeps in memory and hands back with the next request of the same attempt. A frame on the
wire is a 4-byte big-endian length and one message; a request gets exactly one reply, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.observation import FrameMeasurement, SoundMeasurement
from appliance.core.processing import Category
from appliance.core.settings import Descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyseSnippet:
    """Measure one snippet. `reference` is the seat's own descriptor (concatenated float32 when
    the descriptor is `both`), only with Category.DESCRIPTOR permitted. `seat_face_share`: faces
    below this share of the highest one's height are of the hall behind (core/seat_faces.py)."""

    media: bytes
    permitted: frozenset[Category]
    descriptor: Descriptor = Descriptor.DLIB
    reference: bytes | None = None
    state: bytes = b""
    analyse_every_s: float = 2.0
    seat_face_share: float = 0.4
    thumbnail_width: int = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetMeasured:
    """`thumbnail` is JPEG without metadata, or None when not permitted or not decodable."""

    frames: tuple[FrameMeasurement, ...]
    sound: tuple[SoundMeasurement, ...]
    duration_s: float
    thumbnail: bytes | None
    state: bytes
    cpu_ms: dict[str, float]


class PortraitHint(StrEnum):
    """Why a photo is not good enough, for a sentence to the candidate."""

    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    HOLD_STILL = "hold_still"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    COME_CLOSER = "come_closer"
    FACE_CAMERA = "face_camera"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparePortrait:
    """Check a face photo, cut the face out and, if permitted, describe it."""

    picture: bytes
    permitted: frozenset[Category]
    descriptor: Descriptor = Descriptor.DLIB


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitPrepared:
    """`portrait` is JPEG without metadata, None when `hints` say why it was not accepted."""

    hints: tuple[PortraitHint, ...]
    portrait: bytes | None
    descriptor: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeFilmStrip:
    """`count` stills, evenly spread over the snippet, `width` pixels wide."""

    media: bytes
    count: int = 6
    width: int = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmStripMade:
    """`stills` are (seconds from start, JPEG)."""

    stills: tuple[tuple[float, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFailed:
    """The media could not be read: `code` is a stable word, `message` one sentence."""

    code: str
    message: str


WorkerRequest = AnalyseSnippet | PreparePortrait | MakeFilmStrip
WorkerReply = SnippetMeasured | PortraitPrepared | FilmStripMade | WorkerFailed
