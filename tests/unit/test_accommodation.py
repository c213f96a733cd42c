"""Detectors switched off for one candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.accommodation import DETECTORS, NAMES, WORDS, parse_detectors, permitted_for
from appliance.core.errors import BadInput
from appliance.core.processing import NEEDS_FACE_MODEL, Category, permitted
from appliance.core.roster import parse_roster
from appliance.core.settings import Features
from tests.support.measurements import series
from tests.unit.services.watch_room import Room, attempt, exam

EVERYTHING = Features(
    live_view=True,
    video_snippets=True,
    face_photo=True,
    audio_presence=True,
    track_misuse_metrics=True,
)
ROSTER = "namn,nummer,plats,sal,avstängt\nA,1,A1,Aula,{}\nB,2,A2,Aula,\n"


def test_what_is_off_is_not_permitted_and_the_rest_stays() -> None:
    for category in DETECTORS - {Category.FACE_COUNT}:
        who = replace(attempt(), switched_off=frozenset({category}))
        assert permitted_for(EVERYTHING, who) == permitted(EVERYTHING) - {category}
    assert permitted_for(EVERYTHING, attempt()) == permitted(EVERYTHING)


def test_without_counting_faces_no_face_model_runs() -> None:
    who = replace(attempt(), switched_off=frozenset({Category.FACE_COUNT}))
    assert not permitted_for(EVERYTHING, who) & NEEDS_FACE_MODEL


def test_it_never_permits_more() -> None:
    who = replace(attempt(), switched_off=DETECTORS)
    assert permitted_for(Features(), who) == frozenset()


def test_the_roster_says_it_in_either_language() -> None:
    first, second = parse_roster(ROSTER.format("huvud ljud"))
    assert first.switched_off == {Category.HEAD_POSE, Category.SOUND_PRESENCE}
    assert second.switched_off == frozenset()
    (english,) = parse_roster("name,number,seat,hall,detectors_off\nA,1,A1,Aula,Head identity\n")
    assert english.switched_off == {Category.HEAD_POSE, Category.DESCRIPTOR}


def test_a_word_that_names_none_is_told_with_its_line() -> None:
    with pytest.raises(BadInput, match=r"Line 2 .*'gaze'"):
        parse_roster(ROSTER.format("gaze"))
    with pytest.raises(BadInput):
        parse_detectors(["live_picture"])  # a category, but none that looks at a person
    assert parse_detectors(["head_pose", "SOUND"]) == {Category.HEAD_POSE, Category.SOUND_PRESENCE}


def test_every_detector_has_words() -> None:
    assert set(NAMES) == set(WORDS.values()) == DETECTORS


async def test_the_worker_is_not_asked_for_it() -> None:
    room = Room()
    room.exam = replace(exam(), settings=replace(exam().settings, features=EVERYTHING))
    who = replace(attempt(), switched_off=frozenset({Category.HEAD_POSE, Category.SOUND_PRESENCE}))
    await room.look(who, next(iter(series(10))))
    (asked,) = room.workers.asked
    assert not asked.permitted & who.switched_off
    assert Category.FACE_COUNT in asked.permitted
