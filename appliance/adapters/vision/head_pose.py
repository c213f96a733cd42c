"""Where a head is turned, in degrees: roughly from five points, better from a face mesh.

The five points tell a turn to the side well and a nod not at all, so they serve as a free gate:
the mesh runs when they say the head has turned, or to learn how the person sits (see
`processes/analysis/head_watch.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.inference import open_model
from appliance.adapters.vision.pictures import Picture, Points

_SIDE = 192  # the mesh network's input
_CROP = 1.5  # times the face's box: the margin the network was trained with
_LEAST_PRESENCE = 0.5  # probability that a face is in the crop, below which angles mean nothing

# Numbers of mesh points (MediaPipe's canonical face): outer eye corners, forehead, chin.
_LEFT_CORNER, _RIGHT_CORNER, _FOREHEAD, _CHIN = 33, 263, 10, 152

_NOSE_DEPTH = 0.6  # of the distance between the eyes; fitted, see `yaw_from_points`


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Degrees. `yaw` > 0: the nose points to the left of the picture; `pitch` > 0: upwards."""

    yaw: float
    pitch: float


def yaw_from_points(points: Points) -> float:
    """Degrees to the side, from how far the nose tip lies off the middle between the eyes.

    With eyes `d` apart and a nose standing out by 0.6 `d`, a turn by yaw moves the nose by
    0.6 d sin(yaw) while the eyes close up to d cos(yaw); the ratio gives tan(yaw). On 396 pictures
    of LFW that agrees with the mesh within 3.6 degrees in the mean (r 0.94). Nothing is known
    beyond 60 degrees, where one eye is out of sight: clipped there.
    """
    left_eye, right_eye, nose = points[0], points[1], points[2]
    axis = right_eye - left_eye
    length = max(float(np.hypot(axis[0], axis[1])), 1e-6)
    offset = float((nose - (left_eye + right_eye) / 2) @ (axis / length)) / length
    return float(np.clip(-np.degrees(np.arctan(offset / _NOSE_DEPTH)), -60.0, 60.0))


class FaceMesh:
    """468 points in three dimensions; only the angles leave this class."""

    def __init__(self, model: bytes) -> None:
        self._session = open_model(model)
        self._points_name, self._presence_name = (out.name for out in self._session.get_outputs())

    def pose(self, picture: Picture, face: Face) -> HeadPose | None:
        """None when the network does not see a face in the crop (turned too far, covered)."""
        chip = _upright_crop(picture, face)
        pixels = np.multiply(
            cv2.cvtColor(chip, cv2.COLOR_BGR2RGB)[None], 1.0 / 255.0, dtype=np.float32
        )
        flat, presence = self._session.run(
            [self._points_name, self._presence_name], {"input": pixels}
        )
        logit = float(presence.ravel()[0])
        if 1.0 / (1.0 + np.exp(-logit)) < _LEAST_PRESENCE:
            return None
        return pose_from_mesh(flat.reshape(468, 3))


def _upright_crop(picture: Picture, face: Face) -> Picture:
    """A square around the face with the eyes level: tilting the head is not looking away."""
    eyes = face.points[1] - face.points[0]
    roll = float(np.degrees(np.arctan2(eyes[1], eyes[0])))
    centre = (face.left + face.width / 2, face.top + face.height / 2)
    scale = _SIDE / (_CROP * max(face.width, face.height, 1.0))
    matrix = cv2.getRotationMatrix2D(centre, roll, scale)
    matrix[0, 2] += _SIDE / 2 - centre[0]
    matrix[1, 2] += _SIDE / 2 - centre[1]
    chip = cv2.warpAffine(picture, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
    return chip.astype(np.uint8, copy=False)


def pose_from_mesh(mesh: NDArray[np.float32]) -> HeadPose:
    """Angles of the axes through the eye corners and from forehead to chin (mesh: 468 x 3, pixels).

    The factors and the offset were fitted against a dedicated pose network on photographs of
    known turn; they hold within 60 degrees to the side.
    """
    right = mesh[_RIGHT_CORNER] - mesh[_LEFT_CORNER]
    down = mesh[_CHIN] - mesh[_FOREHEAD]
    right = right / np.linalg.norm(right)
    depth = np.cross(right, down)
    depth /= np.linalg.norm(depth)
    down = np.cross(depth, right)
    yaw = 1.05 * np.degrees(np.arctan2(-right[2], np.hypot(right[0], right[1])))
    pitch = -0.85 * np.degrees(np.arctan2(down[2], depth[2])) - 3.0
    return HeadPose(float(yaw), float(pitch))
