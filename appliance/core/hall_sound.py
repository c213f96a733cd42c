"""What the hall's own microphone heard, over time: pure, one state per exam and hall.

Judged like a seat's sound (`core/rule_runs.py`), with thresholds of its own because the microphone
stands far from everybody. What comes of it is a hall event: counted against nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from appliance.core import rule_samples
from appliance.core.ids import ExamId
from appliance.core.observation import (
    Evidence,
    HallEvent,
    ObservationKind,
    SoundMeasurement,
)
from appliance.core.rule_runs import Run, follow
from appliance.core.settings import RuleThresholds

_LONGEST_WINDOW_S = 10.0
_NOWHERE = Evidence(sequence=0, at_s=0.0)  # nothing of it is kept that could be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class HallSound:
    """Everything that is remembered of one hall; a value, never changed in place."""

    exam_id: ExamId
    hall: str
    heard_ms: int = 0  # up to here sound was judged
    runs: Mapping[ObservationKind, Run] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWindow:
    """`started_ms`: Unix milliseconds at which the window began; its own `at_s` is not used."""

    started_ms: int
    sound: SoundMeasurement


def hear(
    state: HallSound, windows: Iterable[HeardWindow], thresholds: RuleThresholds
) -> tuple[HallSound, tuple[HallEvent, ...]]:
    """The state after `windows`, and the hall events that began or grew.

    An event is named by its kind and start. A window that begins before the last one judged has
    ended changes nothing.
    """
    runs, heard_ms = dict(state.runs), state.heard_ms
    changed: dict[tuple[ObservationKind, int], HallEvent] = {}
    for window in sorted(windows, key=lambda w: w.started_ms):
        sound, at = window.sound, window.started_ms
        if not rule_samples.sane(sound) or not 0 < sound.length_s <= _LONGEST_WINDOW_S:
            continue
        if at < heard_ms:
            continue
        heard_ms = at + round(sound.length_s * 1000)
        for kind, sample in rule_samples.of_hall_sound(sound, thresholds).items():
            before = runs.pop(kind, None)
            run = follow(kind, before, sample, at, heard_ms, _NOWHERE, thresholds).run
            if run is None:
                continue
            runs[kind] = run
            if run.raised and sample.holds:
                changed[kind, run.since_ms] = _event(state, kind, run)
    return replace(state, heard_ms=heard_ms, runs=runs), tuple(changed.values())


def _event(state: HallSound, kind: ObservationKind, run: Run) -> HallEvent:
    return HallEvent(
        exam_id=state.exam_id,
        hall=state.hall,
        kind=kind,
        started_ms=run.since_ms,
        last_ms=run.last_held_ms,
        seats=(),
    )
