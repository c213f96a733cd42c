"""The hall's microphone, judged over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from appliance.core.hall_sound import HallSound, HeardWindow, hear
from appliance.core.ids import ExamId
from appliance.core.observation import HALL_KINDS, HallEvent, ObservationKind, SoundMeasurement
from appliance.core.settings import RuleThresholds
from tests.support.measurements import BANG, QUIET, START_MS, TALK

RULES = RuleThresholds()
NOBODY_YET = HallSound(exam_id=ExamId("e" * 32), hall="Aula")


def windows(*stretches: tuple[int, SoundMeasurement], start_s: float = 0.0) -> list[HeardWindow]:
    """So many seconds of each sound, one after the other."""
    heard, at = [], start_s
    for seconds, sound in stretches:
        for _ in range(seconds):
            heard.append(HeardWindow(started_ms=START_MS + round(at * 1000), sound=sound))
            at += sound.length_s
    return heard


def listen(heard: Iterable[HeardWindow], rules: RuleThresholds = RULES) -> list[HallEvent]:
    """As reports bring it: a window at a time. Every event in its last form."""
    state, last = NOBODY_YET, {}
    for window in heard:
        state, events = hear(state, [window], rules)
        last.update({(event.kind, event.started_ms): event for event in events})
    return list(last.values())


@pytest.mark.parametrize(
    ("sound", "kind"),
    [(TALK, ObservationKind.HALL_CONVERSATION), (BANG, ObservationKind.HALL_NOISE)],
)
def test_what_lasts_is_one_event_with_its_start_and_end(
    sound: SoundMeasurement, kind: ObservationKind
) -> None:
    (event,) = listen(windows((20, QUIET), (8, sound), (2, QUIET), (5, sound), (20, QUIET)))
    assert (event.kind, event.hall, event.seats) == (kind, "Aula", ())
    assert event.started_ms == START_MS + 20_000
    assert event.last_ms == START_MS + 35_000


@pytest.mark.parametrize("sound", [TALK, BANG])
def test_what_is_over_at_once_is_nothing(sound: SoundMeasurement) -> None:
    assert listen(windows((10, QUIET), (3, sound), (10, QUIET), (3, sound), (10, QUIET))) == []


def test_its_thresholds_are_its_own() -> None:
    faint = replace(BANG, level_dbfs=-27.0)  # loud for a whole hall, not for one desk
    assert len(listen(windows((10, faint)))) == 1
    assert listen(windows((10, faint)), replace(RULES, hall_noise_dbfs=-20.0)) == []
    assert listen(windows((10, TALK)), replace(RULES, hall_conversation_s=30.0)) == []


def test_two_stretches_with_calm_between_are_two_events() -> None:
    heard = listen(windows((8, TALK), (10, QUIET), (8, TALK)))
    assert [event.started_ms - START_MS for event in heard] == [0, 18_000]


def test_numbers_that_are_none_and_windows_told_twice_change_nothing() -> None:
    heard = windows((8, TALK))
    broken = replace(TALK, level_dbfs=float("nan"))
    endless = replace(TALK, length_s=1e9)
    assert listen(heard + heard) == listen(heard)
    assert listen([*windows((8, broken)), *windows((8, endless))]) == []


def test_its_kinds_are_hall_events_only() -> None:
    assert {e.kind for e in listen(windows((8, TALK), (9, BANG)))} == HALL_KINDS
