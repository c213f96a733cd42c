"""Whether the face looks suddenly different from the frame before, without describing it.

A face laid upright and reduced to 24 x 24 grey pixels costs a fiftieth of a description. Two frames
of one person two seconds apart mostly correlate by 0.7 and more. Of pictures of two persons (LFW,
one in two of folds 1 and 2) half correlate by less than 0.2 and nine in ten by less than 0.5. So
below 0.5 the face is described at once; above it the next description is early enough. This says
nothing about who somebody is and is never reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.alignment import DLIB_150, aligned_grey
from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.pictures import Picture
from appliance.processes.analysis.attempt_state import AttemptState

_SIDE = 24
_TEMPLATE = (DLIB_150 * (_SIDE / 150)).astype(np.float32)
_ALIKE = 0.5


def changed(picture: Picture, face: Face, state: AttemptState) -> bool:
    """Compare with the frame before and remember this one; False for the first."""
    grey = aligned_grey(picture, face.points, _TEMPLATE, _SIDE)
    before, state.face_grey = state.face_grey, grey.tobytes()
    if before is None or len(before) != _SIDE * _SIDE:
        return False
    return correlation(grey, np.frombuffer(before, np.uint8).reshape(_SIDE, _SIDE)) < _ALIKE


def correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Pearson's, -1..1; 1 when either is a single grey, for that shows nothing."""
    a, b = one.ravel().astype(np.float32), other.ravel().astype(np.float32)
    a -= a.mean()
    b -= b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 1.0
