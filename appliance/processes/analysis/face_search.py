"""How closely to search a frame for faces: a glance mostly, a good look now and then.

A glance at the whole picture, much reduced, costs a quarter of a good look. It finds
every face near enough to sit at this computer, and a second one beside it, but may miss somebody
small in the background. So a good look is taken when the glance does not show exactly one sure
face, every few seconds whatever it shows, and in every frame for a while after several faces were
seen. Nothing is said of a second face, or of nobody, from a glance alone. Faces much smaller than
the highest one are of the hall behind and no reason to look again, else a seat with a row behind
it would cost several times as much.
"""

from __future__ import annotations

from appliance.adapters.vision.faces import GLANCE_WITHIN, Face, FaceDetector
from appliance.adapters.vision.pictures import Picture
from appliance.processes.analysis.attempt_state import AttemptState

_SURE = 0.75  # the detector's score: between its least (0.6) and what a second person needs (0.8)
_GOOD_LOOK_EVERY_S = 10.0
_AFTER_SEVERAL_S = 8.0  # longer than the rule's own time, so that its every sample is a good look


def search(
    detector: FaceDetector, picture: Picture, now_s: float, state: AttemptState, near: float
) -> list[Face]:
    """All faces, best first. `now_s` is the attempt's own time; `near`: from this share of the
    highest face's height on a face is not of the hall behind."""
    if not _due(now_s, state):
        faces = detector.find(picture, GLANCE_WITHIN)
        if len(seat := _near(faces, near)) == 1 and seat[0].score >= _SURE:
            return faces
    faces = detector.find(picture)
    state.searched_s = now_s
    if len(_near(faces, near)) > 1:
        state.several_s = now_s
    return faces


def _near(faces: list[Face], share: float) -> list[Face]:
    highest = max((face.height for face in faces), default=0.0)
    return [face for face in faces if face.height >= share * highest]


def _due(now_s: float, state: AttemptState) -> bool:
    if state.box is None or state.searched_s is None:
        return True  # nobody was there: a glance would hardly find what a good look did not
    if now_s - state.searched_s >= _GOOD_LOOK_EVERY_S:
        return True
    return state.several_s is not None and now_s - state.several_s < _AFTER_SEVERAL_S
