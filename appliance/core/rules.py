"""From measurements over time to observations: pure, one state per attempt.

A condition becomes an observation when it held for the kind's time (`RuleThresholds.*_s`), in
several measurements and in most of them; it ends after `clear_s` without it. One frame is never
enough. What is not measured is neutral:

* a gap between measurements neither counts nor ends a run; one over `LONG_GAP_S` closes it at the
  last moment it was seen, because nobody knows what lay between;
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
from appliance.core.rule_samples import NEEDS, SOUND_KINDS, Baseline, Sample
from appliance.core.rule_strength import strength, threshold_s
from appliance.core.settings import RuleThresholds

LONG_GAP_S = 30.0
MOST = 0.7  # share of measurements that must hold before an observation is raised
_LEAST_HELD = 3
# A similarity is already the mean of several frames, and computed seldom.
_LEAST_HELD_OF = {ObservationKind.OTHER_PERSON: 2}
_SPACING_S = 5.0  # measurements this near are one stretch of time
_SPACING_OF = {ObservationKind.OTHER_PERSON: 15.0}
_OVERLAP_MS = 1_000  # two recorders overlap a little so that nothing is lost between snippets
_KEPT_EVIDENCE = 8
_KEPT_SEQUENCES = 1_024
_LONGEST_SNIPPET_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A condition that holds, raised as an observation or not yet. `counted_ms` is measured time
    since the start, `held_ms` the part of it up to the last measurement that held, `clear_ms`
    measured time since then."""

    since_ms: int
    last_held_ms: int
    last_known_ms: int
    counted_ms: int
    held_ms: int
    clear_ms: int = 0
    held: int = 1
    known: int = 1
    margins: float = 0.0
    weak: bool = True
    figures: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    observation_id: ObservationId | None = None


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
        if ObservationKind.LOOKING_AWAY in kinds:
            self.baseline = self.baseline.learn(frame)
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
        for kind in [k for k in self.runs if k not in kinds]:
            self._close(kind)

    def _sample(
        self, kind: ObservationKind, sample: Sample | None, at: int, end: int, where: Evidence
    ) -> None:
        """`at`..`end` is what the sample covers: a moment for a frame, a stretch for sound."""
        run = self.runs.get(kind)
        if run is not None and at - run.last_known_ms > LONG_GAP_S * 1000:
            self._close(kind)
            run = None
        if sample is None:
            return
        if run is None:
            if sample.holds:
                self.runs[kind] = Run(
                    since_ms=at,
                    last_held_ms=end,
                    last_known_ms=end,
                    counted_ms=end - at,
                    held_ms=end - at,
                    margins=sample.margin,
                    weak=sample.weak,
                    figures=sample.figures,
                    evidence=(where,),
                )
            return
        self.runs[kind] = run = _step(kind, run, sample, at, end, where, self._thresholds)
        if sample.holds:
            if run.observation_id is None and self._sustained(kind, run):
                self.runs[kind] = replace(run, observation_id=self._new_id())
        elif run.observation_id is None:
            if run.held < MOST * run.known:  # not most of the time: start over
                del self.runs[kind]
        elif run.clear_ms >= self._thresholds.clear_s * 1000:
            self._close(kind)

    def _sustained(self, kind: ObservationKind, run: Run) -> bool:
        return (
            run.held_ms >= threshold_s(kind, self._thresholds) * 1000
            and run.held >= _LEAST_HELD_OF.get(kind, _LEAST_HELD)
            and run.held >= MOST * run.known
        )

    def _close(self, kind: ObservationKind) -> None:
        run = self.runs.pop(kind)
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


def _step(
    kind: ObservationKind,
    run: Run,
    sample: Sample,
    at: int,
    end: int,
    where: Evidence,
    thresholds: RuleThresholds,
) -> Run:
    """The run after one more sample that says something."""
    spacing_s = max(_SPACING_OF.get(kind, _SPACING_S), 2.5 * thresholds.analyse_every_s)
    near = at - run.last_known_ms <= spacing_s * 1000
    passed = end - (run.last_known_ms if near else at)  # a gap is neutral
    counted = run.counted_ms + passed
    if not sample.holds:
        return replace(
            run,
            last_known_ms=end,
            counted_ms=counted,
            clear_ms=run.clear_ms + passed,
            known=run.known + 1,
        )
    figures = dict(run.figures)
    for name, value in sample.figures.items():
        figures[name] = max(value, figures.get(name, value))
    return replace(
        run,
        last_held_ms=end,
        last_known_ms=end,
        counted_ms=counted,
        held_ms=counted,
        clear_ms=0,
        held=run.held + 1,
        known=run.known + 1,
        margins=run.margins + sample.margin,
        weak=run.weak and sample.weak,
        figures=figures,
        evidence=_evidence(run.evidence, where),
    )


def _evidence(kept: tuple[Evidence, ...], new: Evidence) -> tuple[Evidence, ...]:
    """One place per snippet; the first ones, and always the latest."""
    if kept and kept[-1].sequence == new.sequence:
        return kept
    return (*kept[: _KEPT_EVIDENCE - 1], new)


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
