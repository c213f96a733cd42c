"""Promise 6: the notice is written from the settings, for each combination that may be.

Sentences, languages and layout are `tests/unit/test_notice.py`, run here too.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from appliance.core import notice_texts as texts
from appliance.core.notice import Notice
from appliance.core.processing import Category
from appliance.core.settings import Basis, ExamSettings, Features, Retention, SyncScope
from tests.promises.test_p01_settings_table import POSSIBLE, SWITCHES, name_of
from tests.unit.test_notice import *  # noqa: F403 (its tests are this promise's, too)
from tests.unit.test_notice import notice_for

SETTINGS = ExamSettings(
    title="Prov",
    retention=Retention(days=37),
    basis=Basis(legal_basis="en grund", dpia_reference="7"),
)
# By hand: what a sentence is about, and the switches that must be on for it to stand there.
SAID = {
    Category.LIVE_PICTURE: {"live_view"},
    Category.SNIPPET: {"video_snippets"},
    Category.PORTRAIT: {"face_photo"},
    Category.SOUND_PRESENCE: {"audio_presence"},
    Category.FACE_COUNT: {"track_misuse_metrics"},
    Category.DESCRIPTOR: {"track_misuse_metrics"},
    Category.HALL_SOUND: {"hall_microphone"},
}


def notice(on: frozenset[str], language: str = "en") -> Notice:
    features = Features(**dict.fromkeys(on, True))
    return notice_for(replace(SETTINGS, features=features), language)


def whole(shown: Notice) -> str:
    return "\n".join(line for s in shown.sections for line in (s.heading, *s.paragraphs))


def opening(text: str) -> str:
    """The first words of a sentence, before what the settings fill in."""
    return text.split("{", 1)[0][:30]


@pytest.mark.parametrize("on", POSSIBLE, ids=name_of)
def test_it_says_what_is_done_and_what_is_not(on: frozenset[str]) -> None:
    english = whole(notice(on))
    for category, needed in SAID.items():
        assert (opening(texts.DATA[category]) in english) == (needed <= on), category
    for name in SWITCHES:
        assert (texts.NOT_DONE[name] in english) == (name not in on)
    biometric = texts.BIOMETRIC_HEADING in english
    assert biometric == ("track_misuse_metrics" in on)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_two_combinations_have_the_same_notice(language: str) -> None:
    versions = {on: notice(on, language).version for on in POSSIBLE}
    assert len(set(versions.values())) == len(POSSIBLE)
    for one, other in combinations(POSSIBLE[:8], 2):
        assert whole(notice(one, language)) != whole(notice(other, language))


@pytest.mark.parametrize(
    "change",
    [
        {"retention": Retention(days=38)},
        {"basis": Basis(legal_basis="another", dpia_reference="7")},
        {"basis": Basis(legal_basis="en grund", dpia_reference="8")},
        {"sync": SyncScope.NONE},
        {"title": "Prov 2"},
    ],
)
def test_a_changed_setting_changes_what_is_read_and_its_version(change: dict[str, object]) -> None:
    video = replace(SETTINGS, features=Features(video_snippets=True))
    changed = replace(video, **change)  # type: ignore[arg-type]
    for language in ("sv", "en"):
        assert notice_for(changed, language).version != notice_for(video, language).version


def test_every_sentence_stands_in_swedish() -> None:
    for on in POSSIBLE:
        english, swedish = notice(on), notice(on, "sv")
        assert swedish.language == "sv"
        assert [len(s.paragraphs) for s in swedish.sections] == [
            len(s.paragraphs) for s in english.sections
        ]
        same = set(whole(swedish).split("\n")) & set(whole(english).split("\n"))
        assert same == set()
