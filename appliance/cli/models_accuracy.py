"""Verification and detection figures on photographs of known persons, in LFW's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from appliance.adapters.vision import weights
from appliance.adapters.vision.descriptors import Vector, log_odds
from appliance.adapters.vision.faces import Face
from appliance.adapters.vision.pictures import Picture
from appliance.cli import verification_figures as figures
from appliance.core.errors import BadInput
from appliance.core.settings import Descriptor
from appliance.processes.analysis.models import Models

_RECALL_PICTURES = 400  # evenly spread over those of the pairs
_NO_FACE_SCORE = -50.0  # a pair with a face nobody found counts as refused


def measure_accuracy(
    images: Path, pairs_file: Path, descriptor: Descriptor, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Shares are 0..1. One picture against one, as LFW has it; the product compares the mean of
    three frames and decides at similarity 0.5 (`at_half`).

    Rates at one false acceptance in a thousand come from all pairs of different persons among the
    pictures, since the listed ones are too few; `*_interval` is a 95 % confidence interval.
    Raises BadInput for a missing picture or a pairs file of another form.
    """
    cv2.setNumThreads(1)
    models = Models(weights.load_bytes)
    pairs, folds = figures.read_pairs(pairs_file)
    names = sorted({name for pair in pairs for name in (pair.one, pair.other)})
    vectors: dict[str, Vector] = {}
    for number, name in enumerate(names):
        if number % 200 == 0:
            progress(f"{number} of {len(names)} pictures described")
        picture = _read(images / name)
        face = _central(models.faces.find(picture), picture)
        if face is not None:
            vectors[name] = models.describe(picture, face.points, descriptor)
    same = np.array([pair.same for pair in pairs])
    scores = np.array(
        [
            log_odds(vectors[pair.one], vectors[pair.other], descriptor)
            if pair.one in vectors and pair.other in vectors
            else _NO_FACE_SCORE
            for pair in pairs
        ]
    )
    accuracy, threshold = figures.accuracy_over_folds(scores, same, folds)
    genuine, listed = scores[same], scores[~same]
    everyone = _different_persons(vectors, descriptor)
    at_thousandth = figures.accepted_at(genuine, everyone, 1e-3)
    return {
        "descriptor": descriptor.value,
        "pairs": len(pairs),
        "folds": folds,
        "pictures": len(names),
        "pictures_without_face": len(names) - len(vectors),
        "accuracy": round(accuracy, 5),
        "accuracy_interval": figures.wilson_interval(accuracy, len(pairs)),
        "eer": round(figures.equal_error_rate(scores, same), 5),
        "tar_at_far_1e-2": round(figures.accepted_at(genuine, listed, 1e-2), 5),
        "tar_at_far_1e-3": round(at_thousandth, 5),
        "tar_at_far_1e-3_interval": figures.wilson_interval(at_thousandth, len(genuine)),
        "impostor_pairs": len(everyone),
        "threshold": round(float(1.0 / (1.0 + np.exp(-threshold))), 4),
        "at_half": {
            "tar": round(float((genuine >= 0.0).mean()), 5),
            "far": float((everyone >= 0.0).mean()),
        },
        "detection_recall": _recall(images, names, models),
    }


def _read(path: Path) -> Picture:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInput(f"{path} is missing or not a picture: check --images and --pairs.")
    return picture.astype(np.uint8, copy=False)


def _central(faces: Sequence[Face], picture: Picture) -> Face | None:
    """LFW's pictures are cut so that the person meant is in the middle."""
    middle_x, middle_y = picture.shape[1] / 2, picture.shape[0] / 2
    return min(
        faces,
        key=lambda face: (
            abs(face.left + face.width / 2 - middle_x) + abs(face.top + face.height / 2 - middle_y)
        ),
        default=None,
    )


def _different_persons(vectors: dict[str, Vector], descriptor: Descriptor) -> figures.Scores:
    names = list(vectors)
    persons = np.array([name.split("/")[0] for name in names])
    stacked = np.stack([vectors[name] for name in names])
    scores = log_odds(stacked, stacked, descriptor).astype(np.float64)
    first, second = np.triu_indices(len(names), k=1)
    other = persons[first] != persons[second]
    chosen: figures.Scores = scores[first[other], second[other]]
    return chosen


_COPIES: dict[str, Callable[[Picture], Picture]] = {
    "as_is": lambda picture: picture,
    "dim": lambda picture: (picture * 0.18).astype(np.uint8),
    "blurred": lambda picture: cv2.GaussianBlur(picture, (0, 0), 3.0).astype(np.uint8),
    "quarter": lambda picture: cv2.resize(
        picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA
    ).astype(np.uint8),
}


def _recall(images: Path, names: Sequence[str], models: Models) -> dict[str, float]:
    """Share of pictures in which a face is found near the middle."""
    chosen = names[:: max(1, len(names) // _RECALL_PICTURES)]
    found = dict.fromkeys(_COPIES, 0)
    for name in chosen:
        picture = _read(images / name)
        for kind, altered in _COPIES.items():
            copy = altered(picture)
            face = _central(models.faces.find(copy), copy)
            found[kind] += face is not None and _holds_middle(face, copy)
    return {kind: round(count / len(chosen), 5) for kind, count in found.items()}


def _holds_middle(face: Face, picture: Picture) -> bool:
    x, y = picture.shape[1] / 2, picture.shape[0] / 2
    across = face.left <= x <= face.left + face.width
    return bool(across and face.top <= y <= face.top + face.height)
