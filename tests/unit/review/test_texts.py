"""The page says the same in both languages, and says all it says in words of its catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import appliance.review
from appliance.core.observation import ObservationKind, Strength
from appliance.core.review_decision import Standing, Verdict
from appliance.review.report_texts import texts

STATIC = Path(appliance.review.__file__).parent / "static"
_ENTRY = re.compile(r'"([\w-]+)": "((?:[^"\\]|\\.)*)"')


def _catalogue(language: str) -> dict[str, str]:
    return dict(_ENTRY.findall((STATIC / f"texts_{language}.js").read_text()))


def test_both_languages_say_the_same_things() -> None:
    english, swedish = _catalogue("en"), _catalogue("sv")
    assert english.keys() == swedish.keys()
    for name, text in english.items():
        assert swedish[name].strip()
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", swedish[name]))


def test_every_word_the_page_asks_for_is_there() -> None:
    known = _catalogue("en")
    asked = {
        name
        for path in STATIC.glob("*.js")
        if not path.name.startswith("texts_")
        for name in re.findall(r'say\("([\w-]+)"', path.read_text())
    }
    assert len(asked) > 40
    assert asked - known.keys() == set()
    codes = {*ObservationKind, *Strength, *(f"standing-{s}" for s in Standing)}
    codes |= {f"verdict-{v}" for v in Verdict}
    assert codes - known.keys() == set()


def test_the_report_knows_every_standing_in_both() -> None:
    for language in ("en", "sv"):
        say = texts(language)
        assert all(say(f"standing_{s.value}") for s in Standing)
    assert texts("fi")("title") == texts("en")("title")
