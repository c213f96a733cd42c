"""Sentences for people, whole in every language, and never a judgement."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Formatter

import pytest

from appliance.core import notice_texts, wording
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObservationId
from appliance.core.observation import (
    Decision,
    HallEvent,
    Incident,
    Observation,
    ObservationKind,
    ReasonCategory,
    Strength,
)
from appliance.languages import read_languages

LANGUAGES = read_languages()
SWEDISH = LANGUAGES.catalogues["sv"]
TEXTS = (*wording.texts(), *notice_texts.texts())
SEEN = Observation(
    observation_id=ObservationId("1" * 32),
    attempt_id=AttemptId("a" * 32),
    kind=ObservationKind.SEVERAL_FACES,
    started_ms=0,
    ended_ms=14_000,
    duration_s=14.2,
    strength=Strength.STRONG,
    figures={"faces": 2.0},
)
INCIDENT = Incident(
    incident_id=IncidentId("1" * 32),
    exam_id=ExamId("e" * 32),
    attempt_id=AttemptId("a" * 32),
    opened_ms=0,
    last_ms=1,
    kinds=(ObservationKind.SEVERAL_FACES, ObservationKind.CONVERSATION),
    strength=Strength.CLEAR,
    duration_s=95.0,
    ongoing=True,
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_swedish_knows_every_text_and_no_other() -> None:
    assert set(SWEDISH) == set(TEXTS)


@pytest.mark.parametrize("text", sorted(SWEDISH))
def test_a_translation_quotes_the_same_figures(text: str) -> None:
    assert SWEDISH[text].strip()
    assert placeholders(SWEDISH[text]) == placeholders(text)


@pytest.mark.parametrize("language", LANGUAGES.names)
def test_no_text_judges_or_infers_a_feeling(language: str) -> None:
    """What is barred in education, and what would be a verdict, has no words here. The notice
    may say that feelings are *not* looked for."""
    translate = LANGUAGES.translation(language)
    barred = r"cheat|fusk|suspic|misstänk|violation|stress|emotion|känsl|nervous|nervös|score|poäng"
    for text in TEXTS:
        if text not in notice_texts.NEVER:
            assert not re.search(barred, translate(text), re.IGNORECASE), text


def test_observations_in_words() -> None:
    assert wording.of_observation(SEEN) == "2 faces in view, 14 s, strong"
    assert wording.of_observation(replace(SEEN, ended_ms=None)) == (
        "2 faces in view, for 14 s so far, strong"
    )
    assert wording.of_observation(replace(SEEN, figures={})) == (
        "more than one person in view, 14 s, strong"
    )
    assert (
        wording.of_observation(SEEN, LANGUAGES.translation("sv"))
        == "2 ansikten i bild, 14 s, stark"
    )


@pytest.mark.parametrize("language", LANGUAGES.names)
@pytest.mark.parametrize("kind", list(ObservationKind))
def test_every_kind_and_figure_has_a_sentence(kind: ObservationKind, language: str) -> None:
    translate = LANGUAGES.translation(language)
    every = {"faces": 2.0, "degrees": 41.0, "down_degrees": 30.0, "dbfs": -12.5}
    for figures in ({}, {"down_degrees": 30.0}, every):
        text = wording.what(replace(SEEN, kind=kind, figures=figures), translate)
        assert text
        assert "{" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (185, "3 min 5 s"), (3_900, "1 h 5 min")],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    assert wording.length_of_time(seconds) == text


def test_incidents_in_words() -> None:
    assert wording.of_incident(INCIDENT) == (
        "more than one person in view; voices nearby, for 1 min 35 s so far, clear"
    )
    decided = replace(INCIDENT, ongoing=False, decision=Decision.DISMISSED)
    assert wording.of_incident(decided).endswith("clear: dismissed")
    because = replace(decided, category=ReasonCategory.STAFF)
    assert wording.of_incident(because).endswith("dismissed (the staff)")
    assert "nobody" in wording.of_incident(replace(INCIDENT, kinds=()))


def test_hall_events_in_words() -> None:
    event = HallEvent(
        exam_id=ExamId("e" * 32),
        hall="B",
        kind=ObservationKind.NOISE,
        started_ms=0,
        last_ms=1,
        seats=("A1", "A2", "A3"),
    )
    assert wording.of_hall_event(event) == (
        "Hall B: loud noise at 3 seats at once, counted against nobody"
    )
    assert "räknas inte mot någon" in wording.of_hall_event(event, LANGUAGES.translation("sv"))
