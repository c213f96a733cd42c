"""What the face model says about one frame, as far as each part of it is permitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.adapters.vision.descriptors import Vector, from_bytes
from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.head_pose import HeadPose
from appliance.adapters.vision.pictures import Picture
from appliance.core.messages import AnalyseSnippet
from appliance.core.processing import Category
from appliance.processes.analysis import face_appearance, face_search, head_watch, identity_check
from appliance.processes.analysis.attempt_state import AttemptState
from appliance.processes.analysis.cpu_clock import CpuClock
from appliance.processes.analysis.identity_check import IdentityCheck
from appliance.processes.analysis.models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMeasurement:
    """None where not permitted, or not computed for this frame."""

    scores: tuple[float, ...] | None = None
    heights: tuple[float, ...] | None = None
    similarity: float | None = None
    yaw: float | None = None
    pitch: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """One picture and the face at its seat, None when there is none."""

    picture: Picture
    now_s: float
    scores: tuple[float, ...] | None
    heights: tuple[float, ...] | None
    face: Face | None
    moved: bool


class FaceAnalysis:
    """For one snippet. Make it only when a category that needs a face model is permitted."""

    def __init__(
        self, request: AnalyseSnippet, models: Models, state: AttemptState, clock: CpuClock
    ) -> None:
        self._permitted = request.permitted
        self._descriptor = request.descriptor
        self._seat_face_share = request.seat_face_share
        self._models = models
        self._state = state
        self._clock = clock
        self._identity: IdentityCheck | None = None
        if Category.DESCRIPTOR in request.permitted and request.reference is not None:
            reference = from_bytes(request.reference, request.descriptor)
            self._identity = IdentityCheck(reference, request.descriptor, state)

    def look(self, moments: Sequence[tuple[Picture, float]]) -> list[FaceMeasurement]:
        """Of pictures in their order, each with the attempt's own time: video looked at so far.

        First all are searched, then all turns measured, then all described that are to be: one
        network after the other, so that each finds the processor's caches warm. No stage looks at
        what a later one remembers.
        """
        found = [self._find(picture, now_s) for picture, now_s in moments]
        turns = [self._turn(one) for one in found]
        similar = [self._identify(one, pitch) for one, (_, pitch) in zip(found, turns, strict=True)]
        return [
            FaceMeasurement(
                scores=one.scores,
                heights=one.heights,
                similarity=similarity,
                yaw=yaw,
                pitch=pitch,
            )
            for one, similarity, (yaw, pitch) in zip(found, similar, turns, strict=True)
        ]

    def _find(self, picture: Picture, now_s: float) -> _Found:
        with self._clock.stage("detect"):
            faces = face_search.search(
                self._models.faces, picture, now_s, self._state, self._seat_face_share
            )
        size = (int(picture.shape[1]), int(picture.shape[0]))
        scores = heights = None
        if Category.FACE_COUNT in self._permitted:
            scores = tuple(round(face.score, 4) for face in faces)
            heights = tuple(round(face.height / size[1], 4) for face in faces)
        face = identity_check.main_face(faces, size, self._state) if faces else None
        moved = face is not None and identity_check.has_moved(face, size, self._state)
        identity_check.remember(face, size, self._state)
        return _Found(picture, now_s, scores, heights, face, moved)

    def _identify(self, found: _Found, pitch: float | None) -> float | None:
        if self._identity is None:
            return None
        picture, face = found.picture, found.face
        if face is None:
            self._identity.nobody()
            return None

        def describe() -> Vector:
            with self._clock.stage("align"):
                points = self._models.faces.close_points(picture, face)
            with self._clock.stage("describe"):
                return self._models.describe(picture, points, self._descriptor)

        def straight() -> bool:
            if Category.HEAD_POSE not in self._permitted:
                return True
            with self._clock.stage("pose"):
                pose = (
                    self._models.mesh.pose(picture, face) if pitch is None else HeadPose(0.0, pitch)
                )
                return pose is None or not head_watch.nodded(pose, self._state)

        with self._clock.stage("align"):
            changed = face_appearance.changed(picture, face, self._state)
        share = face.height / picture.shape[0]
        return self._identity.look(
            face,
            found.now_s,
            describe,
            share=share,
            straight=straight,
            moved=found.moved,
            changed=changed,
        )

    def _turn(self, found: _Found) -> tuple[float | None, float | None]:
        face = found.face
        if face is None or Category.HEAD_POSE not in self._permitted:
            return None, None
        with self._clock.stage("pose"):
            return head_watch.look(
                face, found.now_s, self._state, lambda: self._models.mesh.pose(found.picture, face)
            )
