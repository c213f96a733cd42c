"""Which seat stages which event when, so that a rehearsal knows what should be observed."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.observation import ObservationKind
from appliance.rehearsal.scenes import SceneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedEvent:
    """Seconds count from the start of the candidate's recording.

    `observed_as`: any of these kinds counts as observed.
    """

    scene: SceneKind
    start_s: float
    end_s: float
    observed_as: frozenset[ObservationKind]


# Longest run a rule asks for (8 s) plus one sampling step and one snippet either side.
_NEEDED_S = 20.0

_KINDS = (
    (SceneKind.NOBODY, frozenset({ObservationKind.NOBODY_IN_VIEW})),
    (SceneKind.SECOND_PERSON, frozenset({ObservationKind.SEVERAL_FACES})),
    (SceneKind.OTHER_PERSON, frozenset({ObservationKind.OTHER_PERSON})),
    (SceneKind.CONVERSATION, frozenset({ObservationKind.CONVERSATION})),
)


def stage(candidates: int, exam_seconds: float) -> list[tuple[StagedEvent, ...]]:
    """Return one tuple of events per candidate: the first four stage one each, the others none.

    An event starts after 30 % of the exam (by then baselines are known) and lasts 20 s, or, in a
    short exam, what remains without its last tenth.
    """
    start = exam_seconds * 0.3
    end = min(start + _NEEDED_S, exam_seconds * 0.9)
    staged: list[tuple[StagedEvent, ...]] = [
        (StagedEvent(scene=scene, start_s=start, end_s=end, observed_as=kinds),)
        for scene, kinds in _KINDS[:candidates]
    ]
    return staged + [()] * (candidates - len(staged))
