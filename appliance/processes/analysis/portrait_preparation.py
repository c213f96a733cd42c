"""Checking a face photo at check-in, cutting the face out, and describing it where permitted.

Without a permitted category that needs a face model, none is opened: the hints are then about light
and sharpness of the whole picture, and the whole picture is what is kept (without its metadata).
"""

from __future__ import annotations

import numpy as np

from appliance.adapters.media.stills import from_photo, to_jpeg
from appliance.adapters.vision import picture_quality
from appliance.adapters.vision.descriptors import to_bytes
from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.head_pose import yaw_from_points
from appliance.adapters.vision.picture_quality import Quality
from appliance.adapters.vision.pictures import Picture
from appliance.core.messages import PortraitHint, PortraitPrepared, PreparePortrait
from appliance.core.processing import NEEDS_FACE_MODEL, Category
from appliance.processes.analysis.models import Models

_TOO_DARK, _TOO_BRIGHT = 0.2, 0.9  # mean luma of what is looked at
_TOO_BLURRED = 25.0  # variance of the Laplacian at 320 pixels width
_COUNTS_AS_FACE = 0.8  # detector's score, as for a second person in a snippet
_LEAST_FACE_HEIGHT = 0.2  # of the picture's height
_LEAST_FACE_PIXELS = 80  # below it descriptions get poor
_MOST_YAW = 20.0  # degrees
_MARGIN = 0.5  # of the face's box, on each side of the cut-out
_PORTRAIT_WIDTH = 480


def prepare(request: PreparePortrait, models: Models) -> PortraitPrepared:
    """Raises BadMedia when the picture cannot be read."""
    picture = from_photo(request.picture)
    if request.permitted.isdisjoint(NEEDS_FACE_MODEL):
        hints = _light_hints(picture_quality.measure(picture, None))
        return PortraitPrepared(
            hints=hints,
            portrait=None if hints else to_jpeg(picture, _PORTRAIT_WIDTH),
            descriptor=None,
        )
    faces = [face for face in models.faces.find(picture) if face.score >= _COUNTS_AS_FACE]
    if len(faces) != 1:
        hint = PortraitHint.SEVERAL_FACES if faces else PortraitHint.NO_FACE
        light = () if faces else _light_hints(picture_quality.measure(picture, None))
        return PortraitPrepared(hints=(*light, hint), portrait=None, descriptor=None)
    (face,) = faces
    cut_out = _cut_out(picture, face)
    hints = (
        *_light_hints(picture_quality.measure(cut_out, None)),
        *_face_hints(picture, face),
    )
    if hints:
        return PortraitPrepared(hints=hints, portrait=None, descriptor=None)
    descriptor = None
    if Category.DESCRIPTOR in request.permitted:
        points = models.faces.close_points(picture, face, thorough=True)
        descriptor = to_bytes(models.describe_thoroughly(picture, points, request.descriptor))
    return PortraitPrepared(
        hints=(), portrait=to_jpeg(cut_out, _PORTRAIT_WIDTH), descriptor=descriptor
    )


def _light_hints(quality: Quality) -> tuple[PortraitHint, ...]:
    if quality.brightness < _TOO_DARK:
        return (PortraitHint.MORE_LIGHT,)
    if quality.brightness > _TOO_BRIGHT:
        return (PortraitHint.LESS_LIGHT,)
    if quality.sharpness < _TOO_BLURRED:
        return (PortraitHint.HOLD_STILL,)
    return ()


def _face_hints(picture: Picture, face: Face) -> tuple[PortraitHint, ...]:
    if face.height < max(_LEAST_FACE_PIXELS, _LEAST_FACE_HEIGHT * picture.shape[0]):
        return (PortraitHint.COME_CLOSER,)
    if abs(yaw_from_points(face.points)) > _MOST_YAW:
        return (PortraitHint.FACE_CAMERA,)
    return ()


def _cut_out(picture: Picture, face: Face) -> Picture:
    """The face with its margin, as far as the picture reaches."""
    height, width = picture.shape[:2]
    across, down = face.width * _MARGIN, face.height * _MARGIN
    left, right = face.left - across, face.left + face.width + across
    top, bottom = face.top - down, face.top + face.height + down
    rows = slice(max(0, int(top)), min(height, int(bottom) + 1))
    columns = slice(max(0, int(left)), min(width, int(right) + 1))
    return np.ascontiguousarray(picture[rows, columns])
