"""One condition over time: when a run of measurements begins, counts as sustained, and is over.

A run begins with a measurement that holds. It is raised when the condition held for the kind's
time, in several measurements and in most of them; before that it is dropped as soon as it does not
hold most of the time. Once raised it is over after `clear_s` of measured time without it, so that
a condition that flickers stays one observation. A gap between measurements neither counts nor ends
a run; one over `LONG_GAP_S` ends it at the last moment it was seen, because nobody knows what lay
between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from appliance.core.ids import ObservationId
from appliance.core.observation import Evidence, ObservationKind
from appliance.core.rule_samples import Sample
from appliance.core.rule_strength import threshold_s
from appliance.core.settings import RuleThresholds

LONG_GAP_S = 30.0
MOST = 0.7  # share of measurements that must hold before an observation is raised
_LEAST_HELD = 3
# A hand at the chin, dim light or a nodded head make a face unlike its photo for some 15 s, in few
# good frames; while a face is unlike every good frame is described, so somebody else gives more.
_LEAST_HELD_OF = {ObservationKind.OTHER_PERSON: 4}
_SPACING_S = 5.0  # measurements this near are one stretch of time
_SPACING_OF = {ObservationKind.OTHER_PERSON: 15.0}
_KEPT_EVIDENCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A condition that holds. `counted_ms` is measured time since the start, `held_ms` the part of
    it up to the last measurement that held, `clear_ms` measured time since then. `raised`: it is an
    observation; `observation_id` is the caller's to give."""

    since_ms: int
    last_held_ms: int
    last_known_ms: int
    counted_ms: int
    held_ms: int
    clear_ms: int = 0
    held: int = 1
    known: int = 1
    margins: float = 0.0
    weak_held: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    raised: bool = False
    observation_id: ObservationId | None = None

    @property
    def weak(self) -> bool:
        """Most of what held is weak by itself: somebody who reads paper glances aside too."""
        return self.held - self.weak_held < MOST * self.held


@dataclass(frozen=True, slots=True)
class Followed:
    """`run` is what holds now, or nothing; `over` the run that this sample ended."""

    run: Run | None
    over: Run | None = None


def follow(
    kind: ObservationKind,
    run: Run | None,
    sample: Sample | None,
    at: int,
    end: int,
    where: Evidence,
    thresholds: RuleThresholds,
) -> Followed:
    """What one more measurement makes of `run`. `at`..`end` (Unix ms) is what it covers: a moment
    for a frame, a stretch for sound. A sample of None says nothing."""
    over = None
    if run is not None and at - run.last_known_ms > LONG_GAP_S * 1000:
        run, over = None, run
    if sample is None:
        return Followed(run, over)
    if run is None:
        return Followed(_begin(sample, at, end, where) if sample.holds else None, over)
    run = _step(kind, run, sample, at, end, where, thresholds)
    if sample.holds:
        return Followed(replace(run, raised=run.raised or _sustained(kind, run, thresholds)))
    if not run.raised:
        return Followed(run if run.held >= MOST * run.known else None)
    if run.clear_ms >= thresholds.clear_s * 1000:
        return Followed(None, run)
    return Followed(run)


def _begin(sample: Sample, at: int, end: int, where: Evidence) -> Run:
    return Run(
        since_ms=at,
        last_held_ms=end,
        last_known_ms=end,
        counted_ms=end - at,
        held_ms=end - at,
        margins=sample.margin,
        weak_held=int(sample.weak),
        figures=sample.figures,
        evidence=(where,),
    )


def _sustained(kind: ObservationKind, run: Run, thresholds: RuleThresholds) -> bool:
    return (
        run.held_ms >= threshold_s(kind, thresholds, weak=run.weak) * 1000
        and run.held >= _LEAST_HELD_OF.get(kind, _LEAST_HELD)
        and run.held >= MOST * run.known
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
        weak_held=run.weak_held + sample.weak,
        figures=figures,
        evidence=_evidence(run.evidence, where),
    )


def _evidence(kept: tuple[Evidence, ...], new: Evidence) -> tuple[Evidence, ...]:
    """One place per snippet; the first ones, and always the latest."""
    if kept and kept[-1].sequence == new.sequence:
        return kept
    return (*kept[: _KEPT_EVIDENCE - 1], new)
