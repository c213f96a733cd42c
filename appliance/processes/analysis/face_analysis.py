"""What the face model says about one frame, as far as each part of it is permitted."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.adapters.vision.descriptors import Vector, from_bytes
from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.pictures import Picture
from appliance.core.messages import AnalyseSnippet
from appliance.core.processing import Category
from appliance.processes.analysis import head_watch, identity_check
from appliance.processes.analysis.attempt_state import AttemptState
from appliance.processes.analysis.cpu_clock import CpuClock
from appliance.processes.analysis.identity_check import IdentityCheck
from appliance.processes.analysis.models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMeasurement:
    """None where not permitted, or not computed for this frame."""

    scores: tuple[float, ...] | None = None
    similarity: float | None = None
    yaw: float | None = None
    pitch: float | None = None


class FaceAnalysis:
    """For one snippet. Make it only when a category that needs a face model is permitted."""

    def __init__(
        self, request: AnalyseSnippet, models: Models, state: AttemptState, clock: CpuClock
    ) -> None:
        self._permitted = request.permitted
        self._descriptor = request.descriptor
        self._models = models
        self._state = state
        self._clock = clock
        self._identity: IdentityCheck | None = None
        if Category.DESCRIPTOR in request.permitted and request.reference is not None:
            reference = from_bytes(request.reference, request.descriptor)
            self._identity = IdentityCheck(reference, request.descriptor, state)

    def look(self, picture: Picture, now_s: float) -> FaceMeasurement:
        """`now_s` is the attempt's own time: video looked at so far."""
        with self._clock.stage("detect"):
            faces = self._models.faces.find(picture)
        scores = (
            tuple(round(face.score, 4) for face in faces)
            if Category.FACE_COUNT in self._permitted
            else None
        )
        size = (int(picture.shape[1]), int(picture.shape[0]))
        if not faces:
            identity_check.remember(None, size, self._state)
            if self._identity is not None:
                self._identity.nobody()
            return FaceMeasurement(scores=scores)
        face = identity_check.main_face(faces, size, self._state)
        similarity = self._identify(picture, face, size, now_s)
        yaw, pitch = self._turn(picture, face, now_s)
        identity_check.remember(face, size, self._state)
        return FaceMeasurement(scores=scores, similarity=similarity, yaw=yaw, pitch=pitch)

    def _identify(
        self, picture: Picture, face: Face, size: tuple[int, int], now_s: float
    ) -> float | None:
        if self._identity is None:
            return None

        def describe() -> Vector:
            with self._clock.stage("describe"):
                return self._models.describe(picture, face.points, self._descriptor)

        moved = identity_check.has_moved(face, size, self._state)
        return self._identity.look(face, now_s, moved, describe)

    def _turn(
        self, picture: Picture, face: Face, now_s: float
    ) -> tuple[float | None, float | None]:
        if Category.HEAD_POSE not in self._permitted:
            return None, None
        with self._clock.stage("pose"):
            return head_watch.look(
                face, now_s, self._state, lambda: self._models.mesh.pose(picture, face)
            )
