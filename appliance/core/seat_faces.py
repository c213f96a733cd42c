"""Which faces in a picture are at this seat, and which belong to the hall behind it.

In an exam hall others sit and walk behind each candidate. How high a face stands in the picture
goes with one over its distance: at half a metre it fills some 0.45 of a usual webcam's height, so
0.4 of a person's usual height is two and a half times as far away, where the next row may begin.
Somebody who leans in beside the candidate stands at 0.6 and more. A fifth of the picture, about a
metre, is at the seat whatever is usual there, so that one who leans back is not lost.
"""

from __future__ import annotations

from appliance.core.observation import FrameMeasurement
from appliance.core.settings import RuleThresholds

NEAR_ENOUGH = 0.2  # of the picture's height


def least_height(thresholds: RuleThresholds, usual: float | None) -> float:
    """Share of the picture's height from which on a face is at the seat. `usual`: of the person
    who sits there, None while that is not known."""
    relative = 0.0 if usual is None else min(thresholds.seat_face_share * usual, NEAR_ENOUGH)
    return max(relative, thresholds.seat_face_height)


def at_seat(
    frame: FrameMeasurement, thresholds: RuleThresholds, usual: float | None
) -> tuple[float, ...] | None:
    """The scores of the faces at the seat; None when faces were not measured.

    Until a usual height is known the highest face of the picture stands for it. Without heights
    every face counts.
    """
    scores, heights = frame.face_scores, frame.face_heights
    if not scores or heights is None or len(heights) != len(scores):
        return scores
    least = least_height(thresholds, max(heights) if usual is None else usual)
    return tuple(score for score, height in zip(scores, heights, strict=True) if height >= least)


def highest_at_seat(
    frame: FrameMeasurement, thresholds: RuleThresholds, usual: float | None
) -> float | None:
    """The height of the face that is most likely the candidate's, None without one."""
    highest = max(frame.face_heights or (), default=0.0)
    return highest if highest > 0.0 and highest >= least_height(thresholds, usual) else None
