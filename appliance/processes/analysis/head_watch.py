"""When to run the face mesh: it costs, and most of the time a head is where it was.

The five points give the turn to the side for nothing. The mesh runs while the person's usual
position is being learnt, when the five points say that the head has turned away from it, until it
has turned back, and now and then for the nod that five points do not see.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.head_pose import HeadPose, yaw_from_points
from appliance.processes.analysis.attempt_state import AttemptState

_LEARNING_FRAMES = 12  # the rules' baseline is ready after 10 (core/rule_samples.py)
_TURNED = 12.0  # degrees off the usual yaw; rules speak of 30, the points err by 4 in the mean
_NODDED = -12.0  # degrees: below this the mesh stays on, rules speak of -20
_AGAIN_AFTER_S = 10.0
_SLOWLY = 0.05  # weight of a frame in the running mean of the usual yaw


def look(
    face: Face, now_s: float, state: AttemptState, mesh: Callable[[], HeadPose | None]
) -> tuple[float, float | None]:
    """Yaw and, when the mesh ran and saw the face, pitch. Degrees."""
    rough = yaw_from_points(face.points)
    learning = state.mesh_frames < _LEARNING_FRAMES
    turned = abs(rough - state.usual_yaw) > _TURNED
    due = state.mesh_s is None or now_s - state.mesh_s >= _AGAIN_AFTER_S
    if learning or not turned:
        weight = max(_SLOWLY, 1.0 / (state.mesh_frames + 1))
        state.usual_yaw += weight * (rough - state.usual_yaw)
    if not (learning or turned or due or state.turned):
        return rough, None
    state.mesh_frames += 1
    state.mesh_s = now_s
    pose = mesh()
    if pose is None:
        state.turned = turned
        return rough, None
    state.turned = turned or pose.pitch < _NODDED
    return pose.yaw, pose.pitch
