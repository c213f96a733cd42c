"""What one exam is and does: the parsed, frozen form of a settings file.

Reading the file is `appliance/config`'s work; what each feature permits is `processing.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class SyncScope(StrEnum):
    ALL = "all"
    FLAGGED = "flagged"
    NONE = "none"


class Descriptor(StrEnum):
    """Which face descriptor verifies identity. See models/cards for licences and error rates."""

    DLIB = "dlib"
    MOBILEFACENET = "mobilefacenet"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The switches a school sets per exam. Off means not processed."""

    live_view: bool = False
    video_snippets: bool = False
    face_photo: bool = False
    audio_presence: bool = False
    track_misuse_metrics: bool = False
    hall_microphone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Why the processing is lawful; required before misuse metrics can be switched on."""

    legal_basis: str = ""
    dpia_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """How the candidate's page records. Sizes in pixels, rates in bits per second."""

    snippet_seconds: int = 10
    width: int = 320
    height: int = 240
    frames_per_second: int = 10
    video_bits_per_second: int = 300_000
    audio_bits_per_second: int = 24_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`days`: how long anything of the exam exists anywhere. `local_days`: how long the box keeps
    its own copy after the remote one is confirmed."""

    days: int
    local_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """How candidates sit down, see `core.joining`. `hall_code`: the code shown in the hall is asked
    for, and is a new one every `code_minutes`. `hall_network`: only from the networks that box.toml
    lists for the hall. `late_minutes`: how long after the start anybody on the roster may still
    join; later a person lets each one in."""

    hall_code: bool = False
    code_minutes: int = 5
    hall_network: bool = False
    late_minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleThresholds:
    """When a run of measurements becomes an observation. Seconds, degrees, scores 0..1.

    `*_s` is how long a condition must hold; it ends after `clear_s` without it (hysteresis).
    """

    nobody_s: float = 8.0
    several_faces_s: float = 4.0
    several_faces_score: float = 0.8
    other_person_s: float = 6.0
    other_person_below: float | None = None  # None: the descriptor's own default
    looking_away_s: float = 8.0
    looking_away_yaw: float = 30.0
    looking_away_pitch: float = -20.0
    covered_s: float = 8.0
    frozen_s: float = 20.0
    conversation_s: float = 3.0
    noise_s: float = 5.0
    noise_dbfs: float = -25.0
    hall_conversation_s: float = 5.0
    hall_noise_s: float = 5.0
    hall_noise_dbfs: float = -30.0
    clear_s: float = 4.0
    analyse_every_s: float = 2.0
    hall_event_share: float = 0.25
    hall_event_within_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSettings:
    title: str
    retention: Retention
    language: str = "sv"
    duration_minutes: int = 240
    late_upload_minutes: int = 60
    features: Features = field(default_factory=Features)
    basis: Basis = field(default_factory=Basis)
    capture: Capture = field(default_factory=Capture)
    join: Join = field(default_factory=Join)
    rules: RuleThresholds = field(default_factory=RuleThresholds)
    sync: SyncScope = SyncScope.ALL
    descriptor: Descriptor = Descriptor.DLIB
    # To candidates, what was noted about themselves, from hand-in until the exam is closed.
    show_flags_after_hand_in: bool = False
