"""The notice says what the settings do, all of it and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from appliance.core import notice as notices
from appliance.core import notice_texts
from appliance.core.notice import Notice
from appliance.core.processing import BIOMETRIC, permitted
from appliance.core.settings import Basis, ExamSettings, Features, Retention, SyncScope
from appliance.languages import read_languages

LANGUAGES = read_languages()
_FEATURES = [
    Features(
        live_view=live,
        video_snippets=video,
        face_photo=photo,
        audio_presence=sound and video,
        track_misuse_metrics=metrics and video and photo,
        hall_microphone=hall,
    )
    for live, video, photo, sound, metrics, hall in product((False, True), repeat=6)
]
EVERY = sorted(set(_FEATURES), key=repr)
PLAIN = ExamSettings(title="Mathematics 3c", retention=Retention(days=30), language="en")
ALL_ON = replace(
    PLAIN,
    features=Features(
        live_view=True,
        video_snippets=True,
        face_photo=True,
        audio_presence=True,
        track_misuse_metrics=True,
        hall_microphone=True,
    ),
    basis=Basis(legal_basis="the Education Act", dpia_reference="DPIA 12"),
)


def notice_for(settings: ExamSettings, language: str = "") -> Notice:
    return notices.notice_for(settings, LANGUAGES, language)


def text_of(notice: Notice) -> str:
    parts = [notice.title]
    for section in notice.sections:
        parts += [section.heading, *section.paragraphs]
    return "\n".join(parts)


@pytest.mark.parametrize("features", EVERY, ids=lambda f: "+".join(_on(f)) or "nothing")
def test_every_category_is_named_exactly_when_it_is_processed(features: Features) -> None:
    text = text_of(notice_for(replace(PLAIN, features=features), "en"))
    for category, sentence in notice_texts.DATA.items():
        told = sentence.split(".")[0] + "." in text
        assert told == (category in permitted(features)), category
    for feature, sentence in notice_texts.NOT_DONE.items():
        assert (sentence in text) == (not getattr(features, feature)), feature


def _on(features: Features) -> list[str]:
    return [name for name in features.__slots__ if getattr(features, name)]


@pytest.mark.parametrize("features", EVERY, ids=lambda f: "+".join(_on(f)) or "nothing")
@pytest.mark.parametrize("language", LANGUAGES.names)
def test_biometrics_are_spoken_of_as_processed_only_when_they_are(
    features: Features, language: str
) -> None:
    notice = notice_for(replace(PLAIN, features=features), language)
    about = [p for s in notice.sections for p in (s.heading, *s.paragraphs) if "iometri" in p]
    if permitted(features) & BIOMETRIC:
        assert len(about) >= 2
    else:
        (only,) = about
        assert "no biometric" in only or "inga biometriska" in only


def test_what_a_candidate_must_always_be_told() -> None:
    for features in EVERY:
        text = text_of(notice_for(replace(PLAIN, features=features), "en"))
        for promise in (*notice_texts.NEVER, *notice_texts.CHOICE, *notice_texts.RIGHTS):
            assert promise in text
        assert "not a question of consent" in text
        assert "{" not in text


def test_basis_retention_and_place_are_quoted() -> None:
    text = text_of(notice_for(ALL_ON))
    assert "the Education Act." in text
    assert "DPIA 12." in text
    assert "30 days" in text
    assert "storage in the EU" in text
    assert "pieces of 10 seconds" in text


def test_where_nothing_is_stored_nothing_is_said_to_be() -> None:
    text = text_of(notice_for(replace(PLAIN, features=Features(live_view=True))))
    assert notice_texts.NOTHING_KEPT in text
    assert "storage in the EU" not in text


def test_the_version_follows_every_setting_the_text_tells() -> None:
    versions = [notice_for(replace(PLAIN, features=f)).version for f in EVERY]
    versions += [notice_for(replace(ALL_ON, sync=scope)).version for scope in SyncScope]
    versions += [
        notice_for(replace(ALL_ON, retention=Retention(days=31))).version,
        notice_for(replace(ALL_ON, title="Physics")).version,
        notice_for(replace(ALL_ON, basis=Basis(legal_basis="x", dpia_reference="y"))).version,
        notice_for(replace(ALL_ON, capture=replace(ALL_ON.capture, snippet_seconds=5))).version,
        notice_for(ALL_ON, "sv").version,
    ]
    assert len(versions) == len(set(versions))
    assert all(len(v) == 64 and set(v) <= set("0123456789abcdef") for v in versions)


def test_the_same_settings_give_the_same_version() -> None:
    assert notice_for(ALL_ON) == notice_for(replace(ALL_ON))


@pytest.mark.parametrize(
    ("asked", "given"),
    [("", "en"), ("sv", "sv"), ("sv-SE", "sv"), ("SV_fi", "sv"), ("xx", "en"), ("../sv", "en")],
)
def test_languages(asked: str, given: str) -> None:
    assert notice_for(PLAIN, asked).language == given


def test_braces_in_a_title_are_only_braces() -> None:
    assert "{0} {x}" in notice_for(replace(PLAIN, title="{0} {x}")).title
