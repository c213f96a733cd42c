"""What the box answers, decoded into the core's types and these few of the console's own."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from appliance.core.checkup import Check
from appliance.core.errors import IntegrityFailure
from appliance.core.feed import DATA_TYPE, ExamStatus, FeedKind, FeedMessage, SeatStatus
from appliance.core.ids import UserId
from appliance.core.observation import Incident
from appliance.core.roles import Role
from tui.language import tr

Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginReply:
    """`token` goes into every later request and is kept in memory only."""

    token: str
    user_id: UserId
    role: Role
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetLine:
    sequence: int
    started_ms: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDetail:
    seat: SeatStatus
    incidents: tuple[Incident, ...] = ()
    snippets: tuple[SnippetLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """`at_s` seconds into the snippet; `jpeg` the picture."""

    at_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _EncodedStill:
    at_s: float
    jpeg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _FilmStrip:
    stills: tuple[_EncodedStill, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExamList:
    exams: tuple[ExamStatus, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    seq: int
    at: int
    kind: FeedKind
    data: msgspec.Raw


def decode(body: bytes | str, kind: type[Reply]) -> Reply:
    """`body` as a `kind`; raises IntegrityFailure when the box says something else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise IntegrityFailure(
            tr(
                "The box answered something this console does not understand; "
                "both need the same version."
            )
        ) from error


def decode_exams(body: bytes) -> tuple[ExamStatus, ...]:
    """A list of exams, bare or as `{exams: [...]}`."""
    if body.lstrip().startswith(b"["):
        return decode(body, tuple[ExamStatus, ...])
    return decode(body, _ExamList).exams


def decode_film_strip(body: bytes) -> tuple[Still, ...]:
    try:
        return tuple(
            Still(at_s=still.at_s, jpeg=base64.b64decode(still.jpeg))
            for still in decode(body, _FilmStrip).stills
        )
    except ValueError as error:
        raise IntegrityFailure(tr("The film strip arrived damaged; open it again.")) from error


def decode_feed(text: str) -> FeedMessage:
    """One message of the feed, its data in the type that its kind names."""
    envelope = decode(text, _Envelope)
    data: Any = decode(bytes(envelope.data), DATA_TYPE[envelope.kind])
    return FeedMessage(seq=envelope.seq, at=envelope.at, kind=envelope.kind, data=data)
