"""When to compare the face with the seat's portrait, and from how many frames to say so.

Describing a face costs more than anything else here, and one frame alone is a poor witness. So: on
entry, after an absence or a jump of the face, every good frame is described until there are three;
their mean is what is compared. While it agrees, one frame every half minute is enough, and one
at once when the face suddenly looks different (`face_appearance`). A frame that by itself disagrees
with what was said so far starts a new run of three, and while the answer is "not alike" every good
frame is described, for nothing must be said longer than it is true.

At the start of an exam everybody enters at once. So in an attempt's first minute the three frames
of the first answer are a snippet apart, unless one is unlike the photo or they contradict each
other: the box would else have to begin an exam by leaving things out.

A face that looks down at paper resembles nobody's portrait much, so a description waits a few
seconds for a head that has nodded; not longer, for somebody else may sit lower.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.descriptors import Vector, from_bytes, similarity, to_bytes
from appliance.adapters.vision.faces import Face, overlap
from appliance.adapters.vision.head_pose import yaw_from_points
from appliance.core.settings import Descriptor
from appliance.processes.analysis.attempt_state import AttemptState

ENOUGH_FRAMES = 3
_AGAIN_AFTER_S = 28.0  # once in three snippets of the usual ten seconds
_PATIENCE_S = 8.0  # with fewer good frames than three after this long, say what they say
_NOD_S = 6.0
_FIRST_MINUTE_S = 60.0
_PACE_S = 9.0  # between two descriptions then: one in each snippet of ten seconds
_ALIKE = 0.5

# A frame good enough to describe: below these, error rates rise steeply.
_LEAST_SCORE = 0.8
_LEAST_HEIGHT = 55.0  # pixels,
_LEAST_SHARE = 0.15  # and of the picture's height: nobody in the hall behind is described
_MOST_YAW = 25.0  # degrees
_SAME_FACE = 0.2  # overlap of the boxes of two frames, two seconds apart


class IdentityCheck:
    """For one snippet; `describe` gives the vector of the face in the frame at hand."""

    def __init__(self, reference: Vector, descriptor: Descriptor, state: AttemptState) -> None:
        self._reference = reference
        self._descriptor = descriptor
        self._state = state

    def nobody(self) -> None:
        """The face is gone: whoever comes next is checked anew."""
        self._state.face_grey = None
        self._forget()

    def look(
        self,
        face: Face,
        now_s: float,
        describe: Callable[[], Vector],
        *,
        share: float,
        straight: Callable[[], bool] = lambda: True,
        moved: bool = False,
        changed: bool = False,
    ) -> float | None:
        """0..1 when this frame gives or renews the answer, None when it was not described or
        when there are too few frames to say anything.

        `share`: of the picture's height that the face fills. `moved`: this may be somebody else,
        start over. `changed`: describe the next good frame. `straight`: whether the head is not
        nodded; asked only about a frame that would be described.
        """
        state = self._state
        if moved:
            self._forget()
        if changed:
            state.described_s = None
        if not _good(face, share) or not self._due(now_s) or self._waits(now_s, straight):
            return None
        vector = describe()
        alike = self._alike([vector])
        if not alike:
            state.settled = True
        if state.vectors and alike != self._alike(self._vectors()):
            self._forget()
            state.settled = True
        if not state.vectors:
            state.described_since_s = now_s
        state.vectors = [*state.vectors, to_bytes(vector)][-ENOUGH_FRAMES:]
        state.described_s = now_s
        waited = now_s - state.described_since_s
        patience_s = ENOUGH_FRAMES * _PACE_S if self._paced(now_s) else _PATIENCE_S
        if len(state.vectors) < ENOUGH_FRAMES and waited < patience_s:
            return None
        state.similar = similarity(self._reference, self._vectors(), self._descriptor)
        state.settled = True
        return state.similar

    def _due(self, now_s: float) -> bool:
        state = self._state
        if state.described_s is None:
            return True
        if len(state.vectors) < ENOUGH_FRAMES:
            return not self._paced(now_s) or now_s - state.described_s >= _PACE_S
        if state.similar is None or state.similar < _ALIKE:
            return True
        return now_s - state.described_s >= _AGAIN_AFTER_S

    def _waits(self, now_s: float, straight: Callable[[], bool]) -> bool:
        state = self._state
        if straight():
            state.nodded_s = None
            return False
        if state.nodded_s is None:
            state.nodded_s = now_s
        return now_s - state.nodded_s < _NOD_S

    def _paced(self, now_s: float) -> bool:
        return now_s < _FIRST_MINUTE_S and not self._state.settled

    def _alike(self, vectors: list[Vector]) -> bool:
        return similarity(self._reference, vectors, self._descriptor) >= _ALIKE

    def _vectors(self) -> list[Vector]:
        return [from_bytes(data, self._descriptor) for data in self._state.vectors]

    def _forget(self) -> None:
        self._state.vectors = []
        self._state.described_s = None
        self._state.similar = None


def _good(face: Face, share: float) -> bool:
    return (
        face.score >= _LEAST_SCORE
        and face.height >= _LEAST_HEIGHT
        and share >= _LEAST_SHARE
        and abs(yaw_from_points(face.points)) <= _MOST_YAW
    )


def main_face(faces: list[Face], size: tuple[int, int], state: AttemptState) -> Face:
    """Whose seat this is most likely: the largest face, one that stayed where it was before one
    that is new. `size` is the picture's width and height."""
    return max(faces, key=lambda face: face.area * (1.0 + _stay(face, size, state)))


def has_moved(face: Face, size: tuple[int, int], state: AttemptState) -> bool:
    """True when the face is new, or not where a face was in the frame before."""
    return state.box is None or _stay(face, size, state) < _SAME_FACE


def remember(face: Face | None, size: tuple[int, int], state: AttemptState) -> None:
    state.box = None if face is None else _shares(face, size)


def _stay(face: Face, size: tuple[int, int], state: AttemptState) -> float:
    if state.box is None:
        return 0.0
    return overlap(_array(_shares(face, size)), _array(state.box))


def _shares(face: Face, size: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size
    return (face.left / width, face.top / height, face.width / width, face.height / height)


def _array(box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(box, np.float32)
