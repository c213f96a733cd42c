"""When to run the face mesh: it costs, and most of the time a head is where it was.

The five points give the turn to the side for nothing. The mesh runs while the person's usual
position is being learnt (every few seconds: at the start of an exam all learn at once), when the
five points say that the head has turned away from it, until it has turned back, and now and then
for the nod that five points do not see.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.head_pose import HeadPose, yaw_from_points
from appliance.processes.analysis.attempt_state import AttemptState

_LEARNING_FRAMES = 12  # the rules' baseline is ready after 10 (core/rule_samples.py)
_LEARN_EVERY_S = 5.0
_TURNED = 12.0  # degrees off the usual yaw; rules speak of 30, the points err by 4 in the mean
_NODDED = -10.0  # degrees off the usual pitch: below, the mesh stays on; rules speak of -20
_KNOWN_FRAMES = 3  # of the mesh, before a usual pitch means anything
_AGAIN_AFTER_S = 10.0
_SOON = 0.3
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
        weight = _SLOWLY if turned else max(_SLOWLY, 1.0 / (state.mesh_frames + 1))
        state.usual_yaw += weight * (rough - state.usual_yaw)
    learns = learning and (state.mesh_s is None or now_s - state.mesh_s >= _LEARN_EVERY_S)
    if not (learns or turned or due or state.turned):
        return rough, None
    state.mesh_frames += 1
    state.mesh_s = now_s
    pose = mesh()
    if pose is None:
        state.turned = turned
        return rough, None
    down = nodded(pose, state)
    state.turned = turned or down
    if state.mesh_frames == 1:
        state.usual_pitch = pose.pitch
    elif not down:
        # A head nods and seldom looks up: what is usual rises soon and sinks slowly, so that it is
        # found too when the first frames show somebody who reads paper.
        weight = _SOON if pose.pitch > state.usual_pitch else _SLOWLY
        state.usual_pitch += weight * (pose.pitch - state.usual_pitch)
    return _farther(pose.yaw, rough, state.usual_yaw), pose.pitch


def _farther(mesh: float, rough: float, usual: float) -> float:
    """Beyond some 50 degrees the mesh says less and less while the five points still say much; the
    farther one counts, when both see the head turned to the same side."""
    same_side = (mesh - usual) * (rough - usual) > 0
    return rough if same_side and abs(rough - usual) > abs(mesh - usual) else mesh


def nodded(pose: HeadPose, state: AttemptState) -> bool:
    """Down from where this head usually is."""
    known = state.mesh_frames >= _KNOWN_FRAMES
    return known and pose.pitch - state.usual_pitch < _NODDED
