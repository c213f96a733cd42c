"""The one table: which settings permit which data, for every combination of switches."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import pytest

from appliance.core.errors import WrongConfiguration
from appliance.core.processing import (
    BIOMETRIC,
    NEEDS_FACE_MODEL,
    TABLE,
    Category,
    check_dependencies,
    permitted,
    rule_for,
)
from appliance.core.settings import Basis, Capture, ExamSettings, Features, Retention

SWITCHES = [field.name for field in fields(Features)]
EVERY = [
    Features(**dict(zip(SWITCHES, values, strict=True)))
    for values in product((False, True), repeat=len(SWITCHES))
]
# Written a second time on purpose: what each category needs, from DESIGN.
NEEDED = {
    Category.LIVE_PICTURE: {"live_view"},
    Category.SNIPPET: {"video_snippets"},
    Category.THUMBNAIL: {"video_snippets"},
    Category.PICTURE_QUALITY: {"video_snippets"},
    Category.PORTRAIT: {"face_photo"},
    Category.SOUND_PRESENCE: {"audio_presence", "video_snippets"},
    Category.FACE_COUNT: {"track_misuse_metrics"},
    Category.HEAD_POSE: {"track_misuse_metrics"},
    Category.DESCRIPTOR: {"track_misuse_metrics"},
    Category.HALL_SOUND: {"hall_microphone"},
}
BASIS = Basis(legal_basis="the Education Act", dpia_reference="12")


@pytest.mark.parametrize("features", EVERY, ids=lambda f: "".join("01"[v] for v in _bits(f)))
def test_permitted_is_the_table_and_nothing_else(features: Features) -> None:
    on = {name for name in SWITCHES if getattr(features, name)}
    assert permitted(features) == {c for c, needed in NEEDED.items() if needed <= on}


def _bits(features: Features) -> list[bool]:
    return [getattr(features, name) for name in SWITCHES]


def test_nothing_is_processed_by_default() -> None:
    assert permitted(Features()) == frozenset()


def test_one_row_for_each_category() -> None:
    assert sorted(rule.category for rule in TABLE) == sorted(Category)
    assert all(rule_for(c).category is c for c in Category)


def test_every_switch_permits_something_and_is_a_switch() -> None:
    named = {name for rule in TABLE for name in rule.permitted_by}
    assert named == set(SWITCHES)


def test_no_face_model_and_no_vector_without_the_metrics() -> None:
    for features in EVERY:
        if not features.track_misuse_metrics:
            assert not permitted(features) & (NEEDS_FACE_MODEL | BIOMETRIC)


def test_live_pictures_are_stored_nowhere_and_vectors_seen_by_nobody() -> None:
    live, vector = rule_for(Category.LIVE_PICTURE), rule_for(Category.DESCRIPTOR)
    assert (live.stored, live.in_cloud) == (False, False)
    assert (vector.recipients, vector.in_cloud) == ((), False)


def test_what_is_in_the_cloud_is_stored() -> None:
    assert all(rule.stored for rule in TABLE if rule.in_cloud)


@pytest.mark.parametrize("features", EVERY, ids=lambda f: "".join("01"[v] for v in _bits(f)))
@pytest.mark.parametrize("basis", [Basis(), BASIS, replace(BASIS, dpia_reference=" ")])
def test_which_combinations_are_allowed(features: Features, basis: Basis) -> None:
    settings = ExamSettings(title="x", retention=Retention(days=30), features=features, basis=basis)
    whole_basis = basis == BASIS
    metrics_fit = not features.track_misuse_metrics or (
        features.video_snippets and features.face_photo and whole_basis
    )
    sound_fits = not features.audio_presence or features.video_snippets
    if metrics_fit and sound_fits:
        check_dependencies(settings)
    else:
        with pytest.raises(WrongConfiguration) as caught:
            check_dependencies(settings)
        assert caught.value.code == "settings-dependency"


@pytest.mark.parametrize(
    ("seconds", "days", "fits"),
    [(5, 1, True), (30, 1, True), (4, 1, False), (31, 1, False), (10, 0, False), (10, -1, False)],
)
def test_limits(seconds: int, days: int, fits: bool) -> None:
    settings = ExamSettings(
        title="x", retention=Retention(days=days), capture=Capture(snippet_seconds=seconds)
    )
    if fits:
        check_dependencies(settings)
    else:
        with pytest.raises(WrongConfiguration):
            check_dependencies(settings)
