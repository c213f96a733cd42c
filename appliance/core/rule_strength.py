"""How long a condition must hold, and how strong an observation is.

Strength is half from duration (full at three times the threshold) and half from the mean margin
of the measurements that held: below 0.4 weak, below 0.7 clear, else strong. What has just passed
its time is therefore at most clear. It says how sure the signal is, not how bad; the two limits
are choices, not measured on people.
"""

from __future__ import annotations

from appliance.core.observation import ObservationKind, Strength
from appliance.core.settings import RuleThresholds

_DURATION_FULL = 3.0
_CLEAR_FROM, _STRONG_FROM = 0.4, 0.7


def threshold_s(kind: ObservationKind, thresholds: RuleThresholds, *, weak: bool = False) -> float:
    """`weak`: most signs so far are weak by themselves (a head that is turned down only)."""
    match kind:
        case ObservationKind.NOBODY_IN_VIEW:
            return thresholds.nobody_s
        case ObservationKind.SEVERAL_FACES:
            return thresholds.several_faces_s
        case ObservationKind.OTHER_PERSON:
            return thresholds.other_person_s
        case ObservationKind.LOOKING_AWAY:
            return thresholds.looking_down_s if weak else thresholds.looking_away_s
        case ObservationKind.PICTURE_COVERED:
            return thresholds.covered_s
        case ObservationKind.PICTURE_FROZEN:
            return thresholds.frozen_s
        case ObservationKind.CONVERSATION:
            return thresholds.conversation_s
        case ObservationKind.NOISE:
            return thresholds.noise_s
        case ObservationKind.HALL_CONVERSATION:
            return thresholds.hall_conversation_s
        case ObservationKind.HALL_NOISE:
            return thresholds.hall_noise_s


def strength(threshold: float, *, held_s: float, margin: float, weak: bool) -> Strength:
    """`threshold` and `held_s` in seconds, `margin` 0..1. `weak`: never more than weak."""
    if weak:
        return Strength.WEAK
    duration = min(1.0, held_s / (max(threshold, 1.0) * _DURATION_FULL))
    value = 0.5 * duration + 0.5 * margin
    if value < _CLEAR_FROM:
        return Strength.WEAK
    return Strength.CLEAR if value < _STRONG_FROM else Strength.STRONG
