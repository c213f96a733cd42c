"""From measurements over time to observations: pure, one state per attempt.

A condition becomes an observation when it held for the kind's time (`RuleThresholds.*_s`), in
several measurements and in most of them; it ends after `clear_s` without it. One frame is never
enough (`core/rule_runs.py`). What is not measured is neutral; besides,

* a snippet that comes late (a lower number than one already judged) is judged by itself and does
  not turn time back; one that comes twice changes nothing.

Times are Unix milliseconds: the snippet's start and the measurement's second within it.

How strong an observation is: `core/rule_strength.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from appliance.core import rule_samples
from appliance.core.ids import AttemptId, ObservationId
from appliance.core.observation import (
    Evidence,
    FrameMeasurement,
    Observation,
    ObservationKind,
    SoundMeasurement,
)
from appliance.core.processing import Category
from appliance.core.rule_runs import Run, follow
from appliance.core.rule_samples import NEEDS, SOUND_KINDS, Baseline, Sample
from appliance.core.rule_strength import strength, threshold_s
from appliance.core.settings import RuleThresholds

_OVERLAP_MS = 1_000  # two recorders overlap a little so that nothing is lost between snippets
_KEPT_SEQUENCES = 1_024
_LONGEST_SNIPPET_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """Everything the rules remember of one attempt; a value, never changed in place."""

    attempt_id: AttemptId
    last_sequence: int = 0
    picture_ms: int = 0  # up to here pictures were judged,
    sound_ms: int = 0  # and up to here sound
    brightness: float | None = None  # of the last picture
    seen: frozenset[int] = frozenset()
    baseline: Baseline = field(default_factory=Baseline)
    runs: Mapping[ObservationKind, Run] = field(default_factory=dict)

    @property
    def last_ms(self) -> int:
        return max(self.picture_ms, self.sound_ms)


@dataclass(frozen=True, slots=True)
class ObservationStarted:
    observation: Observation


@dataclass(frozen=True, slots=True)
class ObservationUpdated:
    observation: Observation


@dataclass(frozen=True, slots=True)
class ObservationEnded:
    observation: Observation


RuleEvent = ObservationStarted | ObservationUpdated | ObservationEnded
NewId = Callable[[], ObservationId]


def advance(
    state: RuleState,
    *,
    snippet_started_ms: int,
    sequence: int,
    frames: Iterable[FrameMeasurement],
    sound: Iterable[SoundMeasurement],
    thresholds: RuleThresholds,
    permitted: Collection[Category],
    new_id: NewId,
    muted: frozenset[ObservationKind] = frozenset(),
    until_ms: int | None = None,
) -> tuple[RuleState, tuple[RuleEvent, ...]]:
    """The state after one snippet, and what changed.

    Kinds in `muted`, or whose category is not in `permitted`, are not judged; one that holds is
    ended. Measurements at or after `until_ms` (a break, hand-in) are left out.
    """
    if sequence in state.seen:
        return state, ()
    kinds = frozenset(k for k, category in NEEDS.items() if category in permitted) - muted
    late = sequence < state.last_sequence
    start = snippet_started_ms
    if not late:  # the numbers are the order; a clock that jumps back does not change it
        start = max(start, state.last_ms - _OVERLAP_MS)
    judged = state
    if late:
        judged = replace(state, runs={}, picture_ms=0, sound_ms=0, brightness=None)
    judge = _Judge(judged, sequence, thresholds, new_id)
    judge.close_all_but(kinds)
    for frame in sorted(filter(rule_samples.sane, frames), key=lambda f: f.at_s):
        at = _moment(start, frame.at_s)
        if at is not None and at > judge.picture_ms and not _past(at, until_ms):
            judge.frame(frame, at, kinds - SOUND_KINDS)
    for window in sorted(filter(rule_samples.sane, sound), key=lambda s: s.at_s):
        at, end = _moment(start, window.at_s), _moment(start, window.at_s + window.length_s)
        if at is not None and end is not None and at >= judge.sound_ms - _OVERLAP_MS:
            if end <= judge.sound_ms or _past(end, until_ms):
                continue
            judge.window(window, max(at, judge.sound_ms), end, kinds & SOUND_KINDS)
    if late:
        judge.close_all_but(frozenset())
        seen = _with(state.seen, sequence)
        return replace(state, seen=seen), judge.events()
    return (
        RuleState(
            attempt_id=state.attempt_id,
            last_sequence=sequence,
            picture_ms=judge.picture_ms,
            sound_ms=judge.sound_ms,
            brightness=judge.brightness,
            seen=_with(state.seen, sequence),
            baseline=judge.baseline,
            runs=judge.runs,
        ),
        judge.events(),
    )


def finish(state: RuleState, thresholds: RuleThresholds) -> tuple[RuleState, tuple[RuleEvent, ...]]:
    """End everything that holds, at the last moment it was seen: a break, hand-in, close."""
    judge = _Judge(state, state.last_sequence, thresholds, _no_id)
    judge.close_all_but(frozenset())
    return replace(state, runs={}), judge.events()


class _Judge:
    """One snippet's worth of judging; mutable inside, gone when `advance` returns."""

    def __init__(
        self, state: RuleState, sequence: int, thresholds: RuleThresholds, new_id: NewId
    ) -> None:
        self.runs = dict(state.runs)
        self.baseline = state.baseline
        self.picture_ms = state.picture_ms
        self.sound_ms = state.sound_ms
        self.brightness = state.brightness
        self._attempt_id = state.attempt_id
        self._sequence = sequence
        self._thresholds = thresholds
        self._new_id = new_id
        self._before = dict(state.runs)
        self._ended: list[RuleEvent] = []

    def frame(self, frame: FrameMeasurement, at: int, kinds: frozenset[ObservationKind]) -> None:
        self.picture_ms = at
        if ObservationKind.OTHER_PERSON not in self.runs:  # the pose of somebody else is not theirs
            self.baseline = self.baseline.learn(frame, self._thresholds)
        samples = rule_samples.of_frame(frame, self._thresholds, self.baseline, self.brightness)
        self.brightness = frame.brightness
        evidence = Evidence(sequence=self._sequence, at_s=frame.at_s)
        for kind in kinds:
            self._sample(kind, samples.get(kind), at, at, evidence)

    def window(
        self, sound: SoundMeasurement, at: int, end: int, kinds: frozenset[ObservationKind]
    ) -> None:
        self.sound_ms = end
        evidence = Evidence(sequence=self._sequence, at_s=sound.at_s)
        for kind, sample in rule_samples.of_sound(sound, self._thresholds).items():
            if kind in kinds:
                self._sample(kind, sample, at, end, evidence)

    def close_all_but(self, kinds: frozenset[ObservationKind]) -> None:
        for kind, run in list(self.runs.items()):
            if kind not in kinds:
                self._close(kind, run)

    def _sample(
        self, kind: ObservationKind, sample: Sample | None, at: int, end: int, where: Evidence
    ) -> None:
        """`at`..`end` is what the sample covers: a moment for a frame, a stretch for sound."""
        followed = follow(kind, self.runs.get(kind), sample, at, end, where, self._thresholds)
        if followed.over is not None:
            self._close(kind, followed.over)
        run = followed.run
        if run is None:
            self.runs.pop(kind, None)
            return
        if run.raised and run.observation_id is None:
            run = replace(run, observation_id=self._new_id())
        self.runs[kind] = run

    def _close(self, kind: ObservationKind, run: Run) -> None:
        self.runs.pop(kind, None)
        if run.observation_id is None:
            return
        before = self._before.get(kind)
        if before is None or before.observation_id != run.observation_id:
            self._ended.append(ObservationStarted(self._observation(kind, run, ended=False)))
        self._ended.append(ObservationEnded(self._observation(kind, run, ended=True)))

    def events(self) -> tuple[RuleEvent, ...]:
        """Per observation at most one start, one update or end."""
        events = list(self._ended)
        for kind, run in self.runs.items():
            before = self._before.get(kind)
            if run.observation_id is None or run is before:
                continue
            observation = self._observation(kind, run, ended=False)
            if before is None or before.observation_id != run.observation_id:
                events.append(ObservationStarted(observation))
            elif run.last_held_ms != before.last_held_ms:
                events.append(ObservationUpdated(observation))
        return tuple(events)

    def _observation(self, kind: ObservationKind, run: Run, *, ended: bool) -> Observation:
        assert run.observation_id is not None
        return Observation(
            observation_id=run.observation_id,
            attempt_id=self._attempt_id,
            kind=kind,
            started_ms=run.since_ms,
            ended_ms=run.last_held_ms if ended else None,
            duration_s=run.held_ms / 1000,
            strength=strength(
                threshold_s(kind, self._thresholds),
                held_s=run.held_ms / 1000,
                margin=run.margins / run.held,
                weak=run.weak,
            ),
            figures=dict(run.figures),
            evidence=run.evidence,
        )


def _moment(start_ms: int, at_s: float) -> int | None:
    """None for a second that no snippet has."""
    if not 0 <= at_s <= _LONGEST_SNIPPET_S:
        return None
    return start_ms + round(at_s * 1000)


def _past(at: int, until_ms: int | None) -> bool:
    return until_ms is not None and at >= until_ms


def _with(seen: frozenset[int], sequence: int) -> frozenset[int]:
    return frozenset(sorted(seen | {sequence})[-_KEPT_SEQUENCES:])


def _no_id() -> ObservationId:
    raise AssertionError("nothing starts when everything ends")
