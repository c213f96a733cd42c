"""What a threshold of the rules may be: declared once, at its field in `settings.RuleThresholds`.

The check of a settings file, the settings' documentation and the technical file all read the
declaration. The ranges are wide on purpose: they keep out what cannot work or would switch a
detector off unnoticed (that is what the features and accommodations are for), and leave the rest
to the school.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from appliance.core.errors import WrongConfiguration

if TYPE_CHECKING:
    from appliance.core.settings import RuleThresholds

_KEY = "bound"
# At least three pictures make a condition sustained (`rule_runs`): two steps lie between them.
_STEPS = 2
_OF_PICTURES = (
    "nobody_s",
    "several_faces_s",
    "looking_away_s",
    "looking_down_s",
    "covered_s",
    "frozen_s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A threshold called `name` may be `least`..`greatest` `unit`. `default` is None where it is
    the face descriptor's own. `does`: one English sentence."""

    name: str
    default: float | None
    least: float
    greatest: float
    unit: str
    does: str


def bounded(default: float | None, least: float, greatest: float, unit: str, does: str) -> Any:
    """A dataclass field that carries its range; the field's own name is the key."""
    return field(default=default, metadata={_KEY: (default, least, greatest, unit, does)})


def bounds(thresholds: type[RuleThresholds] | RuleThresholds) -> tuple[Bound, ...]:
    """All of them, in the order of the settings file."""
    found = []
    for declared in fields(thresholds):
        default, least, greatest, unit, does = declared.metadata[_KEY]
        found.append(
            Bound(
                name=declared.name,
                default=default,
                least=least,
                greatest=greatest,
                unit=unit,
                does=does,
            )
        )
    return tuple(found)


def check_thresholds(thresholds: RuleThresholds, source: str) -> None:
    """Raise WrongConfiguration with the first key that is outside its range, or that cannot work
    together with another one."""
    for sentence in _wrong(thresholds):
        raise WrongConfiguration(f"{source}: {sentence}", code="wrong-value")


def _wrong(thresholds: RuleThresholds) -> Iterator[str]:
    for bound in bounds(thresholds):
        value = getattr(thresholds, bound.name)
        # `not within`, so that nan is refused too
        if value is not None and not bound.least <= value <= bound.greatest:
            yield (
                f"rules.{bound.name} is {value:g}, but must be between {bound.least:g} and "
                f"{bound.greatest:g}{' ' if bound.unit else ''}{bound.unit}."
            )
    step = thresholds.analyse_every_s
    if thresholds.clear_s < _STEPS * step:
        yield (
            f"rules.clear_s is {thresholds.clear_s:g}, but must be at least twice "
            f"rules.analyse_every_s ({step:g} s): else one picture without the condition ends an "
            "observation, and a condition that flickers becomes many."
        )
    for name in _OF_PICTURES:
        value = getattr(thresholds, name)
        if value < _STEPS * step:
            yield (
                f"rules.{name} is {value:g}, but must be at least twice rules.analyse_every_s "
                f"({step:g} s): a condition counts when at least three pictures show it."
            )
