"""Detectors that are switched off for one candidate: a tic, a squint, a screen reader that speaks.

What is switched off is not processed for that candidate, as if the exam's settings did not permit
it; everything else stays as it is. It is no disadvantage: invigilators see at the seat that they
have to look themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from appliance.core.errors import BadInput
from appliance.core.processing import Category, permitted
from appliance.core.settings import Features

# What a roster may call a detector, in either language.
WORDS: dict[str, Category] = {
    "head": Category.HEAD_POSE, "huvud": Category.HEAD_POSE,
    "identity": Category.DESCRIPTOR, "identitet": Category.DESCRIPTOR,
    "faces": Category.FACE_COUNT, "ansikten": Category.FACE_COUNT,
    "picture": Category.PICTURE_QUALITY, "bild": Category.PICTURE_QUALITY,
    "sound": Category.SOUND_PRESENCE, "ljud": Category.SOUND_PRESENCE,
}  # fmt: skip
DETECTORS = frozenset(WORDS.values())
# Shown at the seat, after "Not looked for here:".
NAMES: dict[Category, str] = {
    Category.HEAD_POSE: "direction of the head",
    Category.DESCRIPTOR: "likeness to the photo",
    Category.FACE_COUNT: "faces",
    Category.PICTURE_QUALITY: "covered or frozen camera",
    Category.SOUND_PRESENCE: "voices and noise",
}


class SwitchedOff(Protocol):
    """An attempt, or the seat that shows it."""

    @property
    def switched_off(self) -> frozenset[Category]: ...


def permitted_for(features: Features, candidate: SwitchedOff) -> frozenset[Category]:
    """What may be processed of this candidate. Without counting faces no face model runs, so what
    needs one goes with it."""
    off = candidate.switched_off
    if Category.FACE_COUNT in off:
        off = off | {Category.HEAD_POSE, Category.DESCRIPTOR}
    return permitted(features) - off


def parse_detectors(words: Collection[str]) -> frozenset[Category]:
    """Raise BadInput for a word that names no detector."""
    found = set()
    for word in words:
        category = WORDS.get(word.casefold())
        if category is None and word in DETECTORS:
            category = Category(word)
        if category is None:
            raise BadInput(
                f"There is no detector {word!r}: write head, identity, faces, picture or sound.",
                code="unknown-detector",
            )
        found.add(category)
    return frozenset(found)
