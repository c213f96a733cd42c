"""How often the rules were right when they were measured: what `models/rules.toml` says, as types.

Only what was measured stands there; a kind a run does not list was not measured in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.core.observation import ObservationKind

# Which keys of `[rules]` decide on a kind; `clear_s` and `analyse_every_s` count for several.
THRESHOLDS_OF: Mapping[ObservationKind, tuple[str, ...]] = {
    ObservationKind.NOBODY_IN_VIEW: ("nobody_s", "seat_face_share", "seat_face_height"),
    ObservationKind.SEVERAL_FACES: (
        "several_faces_s",
        "several_faces_score",
        "seat_face_share",
        "seat_face_height",
    ),
    ObservationKind.OTHER_PERSON: ("other_person_s", "other_person_below"),
    ObservationKind.LOOKING_AWAY: (
        "looking_away_s",
        "looking_down_s",
        "looking_away_yaw",
        "looking_away_pitch",
    ),
    ObservationKind.PICTURE_COVERED: ("covered_s",),
    ObservationKind.PICTURE_FROZEN: ("frozen_s",),
    ObservationKind.CONVERSATION: ("conversation_s", "conversation_dbfs"),
    ObservationKind.NOISE: ("noise_s", "noise_dbfs"),
    ObservationKind.HALL_CONVERSATION: ("hall_conversation_s", "hall_conversation_dbfs"),
    ObservationKind.HALL_NOISE: ("hall_noise_s", "hall_noise_dbfs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRun:
    """One measurement. `recall` and `precision` are shares 0..1 over `clips` clips a kind;
    `false_alarms` are counts in `hours` candidate-hours in which nothing was staged."""

    name: str
    date: str
    material: str
    command: str
    note: str
    clips: int = 0
    hours: float = 0.0
    recall: Mapping[ObservationKind, float] = field(default_factory=dict)
    precision: Mapping[ObservationKind, float] = field(default_factory=dict)
    false_alarms: Mapping[ObservationKind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    runs: tuple[RuleRun, ...]
