"""The `[rules]` table: every threshold has a range, and what is outside is refused by its key."""

from __future__ import annotations

from dataclasses import fields

import pytest

from appliance.config.exam_settings import parse_settings
from appliance.core.errors import WrongConfiguration
from appliance.core.rule_bounds import Bound, bounds, check_thresholds
from appliance.core.settings import RuleThresholds

SMALLEST = '[exam]\ntitle = "Matematik 3c"\n[retention]\ndays = 30\n[rules]\n'
BOUNDS = bounds(RuleThresholds)
# With these the pairs (clear_s, *_s and analyse_every_s) leave every single range free.
FINE, SLOW = "analyse_every_s = 0.5\n", "clear_s = 30\n"


def name_of(bound: Bound) -> str:
    return bound.name


def with_value(bound: Bound, value: float) -> RuleThresholds:
    beside = "" if bound.name == "analyse_every_s" else FINE
    return parse_settings(f"{SMALLEST}{beside}{bound.name} = {value}\n").rules


def test_every_threshold_declares_its_range_and_the_defaults_lie_within() -> None:
    assert [bound.name for bound in BOUNDS] == [f.name for f in fields(RuleThresholds)]
    for bound in BOUNDS:
        assert bound.least < bound.greatest
        assert bound.default is None or bound.least <= bound.default <= bound.greatest
        assert bound.default == getattr(RuleThresholds(), bound.name)
        assert bound.does.endswith(".")
        assert bound.unit in ("s", "degrees", "dBFS", "")
    check_thresholds(RuleThresholds(), "The defaults")


@pytest.mark.parametrize("bound", BOUNDS, ids=name_of)
def test_least_and_greatest_are_allowed(bound: Bound) -> None:
    assert getattr(with_value(bound, bound.least), bound.name) == bound.least
    if bound.name == "analyse_every_s":
        long = "".join(f"{n} = 60\n" for n in ("nobody_s", "several_faces_s", "looking_away_s"))
        text = f"{SMALLEST}{SLOW}{long}covered_s = 60\nanalyse_every_s = {bound.greatest}\n"
        assert parse_settings(text).rules.analyse_every_s == bound.greatest
    else:
        assert getattr(with_value(bound, bound.greatest), bound.name) == bound.greatest


@pytest.mark.parametrize("bound", BOUNDS, ids=name_of)
@pytest.mark.parametrize("beyond", ["below", "above", "nan", "inf"])
def test_a_value_outside_is_refused_with_the_key_and_the_range(bound: Bound, beyond: str) -> None:
    little = (bound.greatest - bound.least) / 1000
    value = {
        "below": bound.least - little,
        "above": bound.greatest + little,
        "nan": float("nan"),
        "inf": float("inf"),
    }[beyond]
    with pytest.raises(WrongConfiguration) as refused:
        with_value(bound, value)
    assert f"rules.{bound.name} is " in refused.value.message
    assert f"between {bound.least:g} and {bound.greatest:g}" in refused.value.message
    assert bound.unit in refused.value.message
    assert refused.value.code == "wrong-value"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clear_s = 3.9", "rules.clear_s is 3.9, but must be at least twice rules.analyse_every_s"),
        ("analyse_every_s = 3", "rules.clear_s is 4, but must be at least twice"),
        ("several_faces_s = 3", "rules.several_faces_s is 3, but must be at least twice"),
        ("analyse_every_s = 5\nclear_s = 10\nseveral_faces_s = 10", "rules.nobody_s is 8, but"),
    ],
)
def test_pairs_that_cannot_work_together_are_refused(text: str, says: str) -> None:
    with pytest.raises(WrongConfiguration) as refused:
        parse_settings(f"{SMALLEST}{text}\n")
    assert says in refused.value.message
