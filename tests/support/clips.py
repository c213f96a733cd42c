"""Short staged snippets for tests, made once per test run."""

from __future__ import annotations

from functools import cache

from appliance.rehearsal.clips import StagedFootage
from appliance.rehearsal.material import (
    ASTRONAUT,
    PRESIDENT,
    PRESIDENT_AGAIN,
    PRESIDENT_THIRD,
    VICE_PRESIDENT,
    Person,
)
from appliance.rehearsal.scenes import Scene, SceneKind

PERSONS = {
    "astronaut": ASTRONAUT,
    "president": PRESIDENT,
    "president again": PRESIDENT_AGAIN,
    "president third": PRESIDENT_THIRD,
    "vice president": VICE_PRESIDENT,
}


def footage(
    person: str, kind: SceneKind = SceneKind.USUAL, size: tuple[int, int] = (320, 240)
) -> StagedFootage:
    """`kind` all the time."""
    return StagedFootage(
        PERSONS[person], _other_than(person), [Scene(kind, 0.0, float("inf"))], size
    )


@cache
def snippet(
    person: str = "president",
    kind: SceneKind = SceneKind.USUAL,
    *,
    start_s: float = 0.0,
    seconds: float = 10.0,
    sound: bool = False,
) -> bytes:
    return footage(person, kind).snippet(start_s, seconds, sound=sound)


@cache
def portrait(person: str = "president") -> bytes:
    return footage(person).portrait()


def _other_than(person: str) -> Person:
    return VICE_PRESIDENT if person != "vice president" else PRESIDENT
