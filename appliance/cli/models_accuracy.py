"""Verification and detection figures on photographs of known persons, in LFW's layout."""

from __future__ import annotations

import math
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
from appliance.cli import verification_protocol as protocol
from appliance.cli.bootstrap import accepted_interval
from appliance.cli.models_recall import recall
from appliance.core.errors import BadInput
from appliance.core.rule_samples import DEFAULT_OTHER_PERSON_BELOW
from appliance.core.settings import Descriptor
from appliance.processes.analysis.models import Models

_RECALL_PICTURES = 400  # evenly spread over those of the pairs
# In log-odds: the rules speak of another person below this similarity only.
_OBSERVED_BELOW = math.log(DEFAULT_OTHER_PERSON_BELOW / (1.0 - DEFAULT_OTHER_PERSON_BELOW))
_NO_FACE_SCORE = -50.0  # a pair with a face nobody found counts as refused


def measure_accuracy(
    images: Path, pairs_file: Path, descriptor: Descriptor, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Shares are 0..1. Of a pair, the first picture is described as a portrait is, the second as a
    frame is. The product compares the mean of three frames and decides at similarity 0.5
    (`three_frames`, `at_half`); the rules report another person further down (`at_observation`).

    `tar_at_far_1e-2`, `tar_at_far_1e-3_listed`, accuracy and equal error rate come from the pairs
    listed; the other rates at one false acceptance in a thousand from all pairs of different
    persons among the pictures, since the listed ones are too few. `*_interval` is a 95 %
    confidence interval, by bootstrap over persons where all pairs are compared.
    Raises BadInput for a missing picture or a pairs file of another form.
    """
    cv2.setNumThreads(1)
    models = Models(weights.load_bytes)
    pairs, folds = figures.read_pairs(pairs_file)
    names = sorted({name for pair in pairs for name in (pair.one, pair.other)})
    portraits, frames = _described(images, names, models, descriptor, progress)
    same = np.array([pair.same for pair in pairs])
    scores = np.array(
        [
            log_odds(portraits[pair.one], frames[pair.other], descriptor)
            if pair.one in portraits and pair.other in frames
            else _NO_FACE_SCORE
            for pair in pairs
        ]
    )
    accuracy, threshold = figures.accuracy_over_folds(scores, same, folds)
    genuine, listed = scores[same], scores[~same]
    progress("comparing all with all")
    everyone = protocol.one_frame(portraits, frames, descriptor)
    at_thousandth = figures.accepted_at(genuine, everyone.impostor, 1e-3)
    progress("looking for faces in worse pictures")
    chosen = names[:: max(1, len(names) // _RECALL_PICTURES)]
    return {
        "descriptor": descriptor.value,
        "pairs": len(pairs),
        "folds": folds,
        "pictures": len(names),
        "pictures_without_face": len(names) - len(frames),
        "accuracy": round(accuracy, 5),
        "accuracy_interval": figures.wilson_interval(accuracy, len(pairs)),
        "eer": round(figures.equal_error_rate(scores, same), 5),
        "tar_at_far_1e-2": round(figures.accepted_at(genuine, listed, 1e-2), 5),
        "tar_at_far_1e-3_listed": round(figures.accepted_at(genuine, listed, 1e-3), 5),
        "tar_at_far_1e-3": round(at_thousandth, 5),
        "tar_at_far_1e-3_interval": figures.wilson_interval(at_thousandth, len(genuine)),
        "impostor_pairs": len(everyone.impostor),
        "threshold": round(float(1.0 / (1.0 + np.exp(-threshold))), 4),
        "all_pairs": _rates(everyone),
        "three_frames": _rates(protocol.three_frames(portraits, frames, descriptor)),
        "detection_recall": recall([_read(images / name) for name in chosen], models.faces),
    }


def _described(
    images: Path,
    names: Sequence[str],
    models: Models,
    descriptor: Descriptor,
    progress: Callable[[str], None],
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Each picture as a portrait and as a frame; those without a face are left out."""
    portraits: dict[str, Vector] = {}
    frames: dict[str, Vector] = {}
    for number, name in enumerate(names):
        if number % 200 == 0:
            progress(f"{number} of {len(names)} pictures described")
        picture = _read(images / name)
        face = _central(models.faces.find(picture), picture)
        if face is None:
            continue
        exact = models.faces.close_points(picture, face, thorough=True)
        portraits[name] = models.describe_thoroughly(picture, exact, descriptor)
        points = models.faces.close_points(picture, face)
        frames[name] = models.describe(picture, points, descriptor)
    return portraits, frames


def _rates(compared: protocol.Comparisons) -> dict[str, Any]:
    genuine, impostor = compared.genuine, compared.impostor
    return {
        "persons": len(np.unique(compared.genuine_of)),
        "genuine": len(genuine),
        "impostor": len(impostor),
        "tar_at_far_1e-2": round(figures.accepted_at(genuine, impostor, 1e-2), 5),
        "tar_at_far_1e-3": round(figures.accepted_at(genuine, impostor, 1e-3), 5),
        "tar_at_far_1e-3_interval": accepted_interval(compared, 1e-3),
        "at_half": _rates_at(compared, 0.0),
        "at_observation": _rates_at(compared, _OBSERVED_BELOW),
        # In log-odds: where these pictures would put the decision, and the genuine ones' median.
        "far_1e-3_at": round(figures.threshold_at(impostor, 1e-3), 4),
        "genuine_median": round(float(np.median(genuine)), 4),
    }


def _rates_at(compared: protocol.Comparisons, log_odds_from: float) -> dict[str, float]:
    return {
        "tar": round(float((compared.genuine >= log_odds_from).mean()), 5),
        "far": round(float((compared.impostor >= log_odds_from).mean()), 6),
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
