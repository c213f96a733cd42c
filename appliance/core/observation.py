"""What detectors measure, and what rules make of it over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.core.ids import AttemptId, ExamId, IncidentId, ObservationId, UserId


class ObservationKind(StrEnum):
    """What was seen or heard. A description, never a judgement of the person."""

    NOBODY_IN_VIEW = "nobody_in_view"
    SEVERAL_FACES = "several_faces"
    OTHER_PERSON = "other_person"
    LOOKING_AWAY = "looking_away"
    PICTURE_COVERED = "picture_covered"
    PICTURE_FROZEN = "picture_frozen"
    CONVERSATION = "conversation"
    NOISE = "noise"
    # by the hall's own microphone: of nobody in particular, always a hall event
    HALL_CONVERSATION = "hall_conversation"
    HALL_NOISE = "hall_noise"


HALL_KINDS = frozenset({ObservationKind.HALL_CONVERSATION, ObservationKind.HALL_NOISE})


class Strength(StrEnum):
    WEAK = "weak"
    CLEAR = "clear"
    STRONG = "strong"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameMeasurement:
    """One analysed frame. A field is None when its category is not permitted or not computed.

    `at_s` is seconds from the snippet's start. `face_scores` holds one detector score (0..1) per
    face, `face_heights` as many heights as shares of the picture's.
    `similarity` compares with the seat's own portrait, 0..1. Angles in degrees, relative
    to nothing: the rules subtract the person's baseline. `brightness` 0..1, `sharpness` >= 0
    (variance of the Laplacian), `change` 0..1 mean absolute difference to the frame before.
    """

    at_s: float
    brightness: float
    sharpness: float
    change: float | None = None
    face_scores: tuple[float, ...] | None = None
    face_heights: tuple[float, ...] | None = None
    similarity: float | None = None
    yaw: float | None = None
    pitch: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundMeasurement:
    """One window of sound. `voice` is the share of the window with voice, 0..1, None when the
    gate found it silent enough not to ask."""

    at_s: float
    length_s: float
    level_dbfs: float
    voice: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where to look: the snippet and the second within it."""

    sequence: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A condition that held. `ended_ms` is None while it still holds. `reason` is a message id
    of `notice`/`wording`, `figures` what its sentence quotes (e.g. faces=2)."""

    observation_id: ObservationId
    attempt_id: AttemptId
    kind: ObservationKind
    started_ms: int
    ended_ms: int | None
    duration_s: float
    strength: Strength
    figures: dict[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    incident_id: IncidentId | None = None


class Decision(StrEnum):
    """Only people make these."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class ReasonCategory(StrEnum):
    ENVIRONMENT = "environment"
    CANDIDATE = "candidate"
    STAFF = "staff"
    TECHNICAL = "technical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Observations of one attempt grouped in time; `decision` is a person's or None."""

    incident_id: IncidentId
    exam_id: ExamId
    attempt_id: AttemptId
    opened_ms: int
    last_ms: int
    kinds: tuple[ObservationKind, ...]
    strength: Strength
    duration_s: float
    ongoing: bool
    observations: tuple[Observation, ...] = ()
    decision: Decision | None = None
    decided_by: UserId | None = None
    decided_ms: int | None = None
    category: ReasonCategory | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HallEvent:
    """The same signal at many seats at once, or heard by the hall's own microphone (`HALL_KINDS`,
    no seats then): counted against nobody."""

    exam_id: ExamId
    hall: str
    kind: ObservationKind
    started_ms: int
    last_ms: int
    seats: tuple[str, ...]
