"""CPU time of looking at snippets, stage by stage, and of the obvious pipeline beside it.

On a busy machine the same work takes more CPU time too: another process on the core's other thread
and in its caches costs the quick pipeline, which is short and often interrupted, relatively more
than the slow one. So each snippet is looked at three times in both ways, turn and turn about, and
its least time counts: what the work costs when nothing else disturbs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import cv2

from appliance.adapters.vision import weights
from appliance.cli.models_baseline import ABOUT, ObviousPipeline
from appliance.core.messages import (
    AnalyseSnippet,
    PortraitPrepared,
    PreparePortrait,
)
from appliance.core.processing import Category
from appliance.core.settings import Descriptor
from appliance.processes.analysis.models import Models
from appliance.processes.analysis.portrait_preparation import prepare
from appliance.processes.analysis.snippet_analysis import SnippetAnalysis
from appliance.rehearsal.clips import StagedFootage
from appliance.rehearsal.material import PEOPLE
from appliance.rehearsal.scenes import Scene, SceneKind

_SNIPPET_S = 10.0
_EVERY_S = 2.0
_TIMES = 3
_PICTURES = frozenset(Category) - {Category.SOUND_PRESENCE}


@dataclass(frozen=True, kw_only=True)
class Speed:
    """CPU milliseconds are per snippet of ten seconds. `sound_ms` is what listening adds: with
    quiet sound (the gate stays shut) and with talk all the time (Silero asked throughout)."""

    candidates_per_core: float
    candidates_per_core_with_sound: float
    baseline_candidates_per_core: float
    ratio: float
    stages_ms: dict[str, float]
    sound_ms: dict[str, float]
    baseline_ms: float
    snippets: int
    threads: int
    descriptor: str
    baseline: str


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    quiet: Sequence[bytes]
    talk: bytes
    reference: bytes


def measure_speed(descriptor: Descriptor, snippets: int, progress: Callable[[str], None]) -> Speed:
    """Raises WrongConfiguration when models or rehearsal material are missing."""
    cv2.setNumThreads(1)
    models = Models(weights.load_bytes)
    progress("making staged video")
    candidates = [_candidate(number, snippets, models, descriptor) for number in range(len(PEOPLE))]
    obvious = ObviousPipeline(weights.load_bytes, descriptor, _EVERY_S)
    progress("looking at it, and the obvious way")
    for _ in _requests(candidates[0], models, descriptor, _PICTURES):
        pass  # opens the models
    obvious.look(candidates[0].quiet[:1])
    spent, obvious_spent, count = 0.0, 0.0, 0
    stages: dict[str, float] = {}
    for candidate in candidates:
        for request in _requests(candidate, models, descriptor, _PICTURES):
            ours, theirs = [], []
            for _ in range(_TIMES):
                began = time.process_time()
                measured = SnippetAnalysis(request, models).run()
                between = time.process_time()
                obvious.look([request.media])
                ours.append(((between - began) * 1000.0, measured.cpu_ms))
                theirs.append((time.process_time() - between) * 1000.0)
            least, of_stages = min(ours, key=lambda one: one[0])
            spent += least
            obvious_spent += min(theirs)
            count += 1
            for stage, ms in of_stages.items():
                stages[stage] = stages.get(stage, 0.0) + ms
    per_snippet, obvious_ms = spent / count, obvious_spent / count
    progress("listening to it")
    sound_ms = _sound(candidates[0], models, descriptor)
    return Speed(
        candidates_per_core=round(_SNIPPET_S * 1000.0 / per_snippet, 1),
        candidates_per_core_with_sound=round(
            _SNIPPET_S * 1000.0 / (per_snippet + sound_ms["quiet"]), 1
        ),
        baseline_candidates_per_core=round(_SNIPPET_S * 1000.0 / obvious_ms, 1),
        ratio=round(obvious_ms / per_snippet, 2),
        stages_ms={stage: round(ms / count, 2) for stage, ms in stages.items()},
        sound_ms=sound_ms,
        baseline_ms=round(obvious_ms, 2),
        snippets=count,
        threads=1,
        descriptor=descriptor.value,
        baseline=ABOUT,
    )


def _candidate(number: int, snippets: int, models: Models, descriptor: Descriptor) -> _Candidate:
    person, other = PEOPLE[number], PEOPLE[number - 1]
    footage = StagedFootage(person, other)
    talking = StagedFootage(person, other, [Scene(SceneKind.CONVERSATION, 0.0, _SNIPPET_S)])
    portrait = prepare(
        PreparePortrait(
            picture=footage.portrait(), permitted=frozenset(Category), descriptor=descriptor
        ),
        models,
    )
    assert isinstance(portrait, PortraitPrepared)
    assert portrait.descriptor is not None
    return _Candidate(
        quiet=[
            footage.snippet(index * _SNIPPET_S, _SNIPPET_S, sound=True) for index in range(snippets)
        ],
        talk=talking.snippet(0.0, _SNIPPET_S, sound=True),
        reference=portrait.descriptor,
    )


def _requests(
    candidate: _Candidate, models: Models, descriptor: Descriptor, permitted: frozenset[Category]
) -> Iterator[AnalyseSnippet]:
    """One candidate's snippets in order, state handed on as the gateway does."""
    state = b""
    for media in candidate.quiet:
        request = AnalyseSnippet(
            media=media,
            permitted=permitted,
            descriptor=descriptor,
            reference=candidate.reference,
            state=state,
            analyse_every_s=_EVERY_S,
        )
        yield request
        state = SnippetAnalysis(request, models).run().state


def _sound(candidate: _Candidate, models: Models, descriptor: Descriptor) -> dict[str, float]:
    """What listening to one snippet adds, in CPU milliseconds: reading the file for its sound too,
    decoding, deciding."""
    spent = {}
    for name, medias in (("quiet", candidate.quiet), ("talk", [candidate.talk] * 3)):
        with_sound, without = (
            [
                min(
                    sum(
                        SnippetAnalysis(
                            AnalyseSnippet(media=media, permitted=permitted, descriptor=descriptor),
                            models,
                        )
                        .run()
                        .cpu_ms.values()
                    )
                    for _ in range(_TIMES)
                )
                for media in [medias[0], *medias]  # the first opens the voice model
            ]
            for permitted in (frozenset({Category.SOUND_PRESENCE}), frozenset[Category]())
        )
        spent[name] = round(fmean(with_sound[1:]) - fmean(without[1:]), 2)
    return spent
