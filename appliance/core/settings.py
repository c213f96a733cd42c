"""What one exam is and does: the parsed, frozen form of a settings file.

Reading the file is `appliance/config`'s work; what each feature permits is `processing.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.core.rule_bounds import bounded


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
    """When a run of measurements becomes an observation: default, least, greatest, unit, and what
    each does. Checked when a settings file is read (`rule_bounds.check_thresholds`).

    `*_s` is how long a condition must hold; it ends after `clear_s` without it (hysteresis).
    """

    nobody_s: float = bounded(8.0, 1, 120, "s", "Nobody in view for so long.")
    several_faces_s: float = bounded(4.0, 1, 60, "s", "More than one face for so long.")
    several_faces_score: float = bounded(
        0.8, 0.6, 0.95, "", "How sure the detector must be of a second face."
    )
    seat_face_share: float = bounded(
        0.4,
        0.1,
        0.8,
        "",
        "Behind the seat: a face below this share of the person's usual one.",
    )
    seat_face_height: float = bounded(
        0.1, 0.02, 0.3, "", "Behind the seat: a face below this share of the picture's height."
    )
    other_person_s: float = bounded(20.0, 1, 120, "s", "A face unlike the photo for so long.")
    # None: the descriptor's own default
    other_person_below: float | None = bounded(
        None, 0.1, 0.9, "", "Unlike the photo: a similarity below this."
    )
    looking_away_s: float = bounded(8.0, 1, 120, "s", "The head turned away for so long.")
    looking_down_s: float = bounded(
        20.0, 2, 600, "s", "The head turned down only, as one reads paper, for so long."
    )
    looking_away_yaw: float = bounded(
        30.0, 15, 80, "degrees", "Turned aside by more than this from the person's usual pose."
    )
    looking_away_pitch: float = bounded(
        -20.0, -60, -10, "degrees", "Turned down by more than this from the person's usual pose."
    )
    covered_s: float = bounded(8.0, 1, 120, "s", "A black or empty picture for so long.")
    frozen_s: float = bounded(20.0, 5, 300, "s", "A picture that stands still for so long.")
    conversation_s: float = bounded(3.0, 1, 60, "s", "Voices at the seat for so long.")
    conversation_dbfs: float = bounded(
        -45.0, -70, -20, "dBFS", "Voices at the seat: in sound louder than this."
    )
    noise_s: float = bounded(5.0, 1, 60, "s", "Noise at the seat for so long.")
    noise_dbfs: float = bounded(-25.0, -60, -3, "dBFS", "Noise: louder than this.")
    hall_conversation_s: float = bounded(5.0, 1, 60, "s", "Voices in the hall for so long.")
    hall_conversation_dbfs: float = bounded(
        -55.0, -70, -20, "dBFS", "Voices in the hall: in sound louder than this."
    )
    hall_noise_s: float = bounded(5.0, 1, 60, "s", "Noise in the hall for so long.")
    hall_noise_dbfs: float = bounded(-30.0, -60, -3, "dBFS", "Noise in the hall: louder than this.")
    clear_s: float = bounded(4.0, 1, 30, "s", "Over when the condition was away for so long.")
    analyse_every_s: float = bounded(2.0, 0.5, 5, "s", "One picture is looked at so often.")
    hall_event_share: float = bounded(
        0.25, 0.05, 1, "", "At this share of a hall's seats at once it is one event of the hall."
    )
    hall_event_within_s: float = bounded(10.0, 1, 60, "s", "At once: begun within so long.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSettings:
    title: str
    retention: Retention
    language: str = "sv"
    # The box's local time, as 2026-12-01T09:00, or empty. Keeps updates away (core.schedule).
    starts_at: str = ""
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
