"""A self-contained piece of video, numbered per attempt, and what the box knows about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName

MAX_SNIPPET_BYTES = 4 * 1024 * 1024  # 30 s at over 1 Mbit/s
MAX_PORTRAIT_BYTES = 2 * 1024 * 1024
MAX_SNIPPET_SECONDS = 35.0  # the longest setting (30 s) and a recorder's slack
MAX_WIDTH, MAX_HEIGHT = 1280, 720
HIGHEST_SEQUENCE = 1_000_000


class ObjectKind(IntEnum):
    """What a sealed object holds. Part of the authenticated header, never renumbered."""

    SNIPPET = 1
    PORTRAIT = 2
    THUMBNAIL = 3
    RECORD = 4  # observations, incidents, decisions, notes and remarks of one attempt (CBOR)
    DESCRIPTOR = 5
    IDENTITY = 6  # names of an exam, in the identity store only
    REMARK = 7  # a candidate's own words (UTF-8); goes into the record at close
    DECISION = 8  # a reviewer's signed decision, sealed on the reviewer's machine


class PriorityClass(StrEnum):
    """The order of the night: what a pack may be made of (DESIGN ruling 14)."""

    RECORDS = "records"
    FLAGGED = "flagged"
    PORTRAITS = "portraits"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHeader:
    """What an object is bound to. The expected header comes from the database, not the file.

    `attempt_id` is the exam's id for objects of the whole exam (identities).
    """

    kind: ObjectKind
    box_id: BoxId
    exam_id: ExamId
    attempt_id: AttemptId
    sequence: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """A row for one sealed object on disk. `sha256` and `size` are of the ciphertext."""

    name: ObjectName
    header: ObjectHeader
    size: int
    sha256: str
    stored_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """`plain_sha256` is the digest the candidate's page sent: same number, same digest, same
    answer. `started_ms` is the page's clock corrected to the box's."""

    attempt_id: AttemptId
    sequence: int
    plain_sha256: str
    plain_size: int
    started_ms: int
    duration_s: float
    stored: StoredObject
    late: bool = False
    analysed: bool = False
