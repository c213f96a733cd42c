"""CPU time of looking at snippets, stage by stage, and of the obvious pipeline beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import cv2

from appliance.adapters.media.container import SnippetContainer
from appliance.adapters.media.frames import Still, every
from appliance.adapters.vision import weights
from appliance.core.messages import (
    AnalyseSnippet,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
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
    progress("looking at it")
    _analyse(candidates[0], models, descriptor, _PICTURES)  # opens the models
    spent, count = 0.0, 0
    stages: dict[str, float] = {}
    for candidate in candidates:
        began = time.process_time()
        measured = _analyse(candidate, models, descriptor, _PICTURES)
        spent += (time.process_time() - began) * 1000.0
        count += len(measured)
        for snippet in measured:
            for stage, ms in snippet.cpu_ms.items():
                stages[stage] = stages.get(stage, 0.0) + ms
    per_snippet = spent / count
    sound_ms = _sound(candidates[0], models, descriptor)
    progress("looking at it the obvious way")
    baseline_ms = _baseline(candidates, models, descriptor)
    return Speed(
        candidates_per_core=round(_SNIPPET_S * 1000.0 / per_snippet, 1),
        candidates_per_core_with_sound=round(
            _SNIPPET_S * 1000.0 / (per_snippet + sound_ms["quiet"]), 1
        ),
        baseline_candidates_per_core=round(_SNIPPET_S * 1000.0 / baseline_ms, 1),
        ratio=round(baseline_ms / per_snippet, 2),
        stages_ms={stage: round(ms / count, 2) for stage, ms in stages.items()},
        sound_ms=sound_ms,
        baseline_ms=round(baseline_ms, 2),
        snippets=count,
        threads=1,
        descriptor=descriptor.value,
        baseline="every frame decoded; detector, mesh and descriptor on each sampled frame",
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


def _analyse(
    candidate: _Candidate, models: Models, descriptor: Descriptor, permitted: frozenset[Category]
) -> list[SnippetMeasured]:
    """One candidate's snippets in order, state handed on as the gateway does."""
    state, measured = b"", []
    for media in candidate.quiet:
        request = AnalyseSnippet(
            media=media,
            permitted=permitted,
            descriptor=descriptor,
            reference=candidate.reference,
            state=state,
            analyse_every_s=_EVERY_S,
        )
        measured.append(SnippetAnalysis(request, models).run())
        state = measured[-1].state
    return measured


def _sound(candidate: _Candidate, models: Models, descriptor: Descriptor) -> dict[str, float]:
    """What listening to one snippet adds, in CPU milliseconds."""
    only_sound = frozenset({Category.SOUND_PRESENCE})
    spent = {}
    for name, medias in (("quiet", candidate.quiet), ("talk", [candidate.talk] * 3)):
        runs = [
            SnippetAnalysis(
                AnalyseSnippet(media=media, permitted=only_sound, descriptor=descriptor), models
            ).run()
            for media in [medias[0], *medias]  # the first opens the voice model
        ]
        spent[name] = round(
            fmean(run.cpu_ms["sound_decode"] + run.cpu_ms["sound"] for run in runs[1:]), 2
        )
    return spent


def _baseline(candidates: Sequence[_Candidate], models: Models, descriptor: Descriptor) -> float:
    """CPU milliseconds per snippet when nothing is left out."""
    medias = [media for candidate in candidates for media in candidate.quiet]
    began = time.process_time()
    for media in medias:
        for still in _every_frame_decoded(media):
            for face in models.faces.find(still.picture):
                models.mesh.pose(still.picture, face)
                models.describe(still.picture, face.points, descriptor)
    return (time.process_time() - began) * 1000.0 / len(medias)


def _every_frame_decoded(media: bytes) -> Iterator[Still]:
    """The frames at the usual moments, after decoding and converting all of them."""
    with SnippetContainer(media) as demuxed:
        context = demuxed.video_stream.codec_context
        waiting = every(demuxed.duration_s, _EVERY_S)
        for timed in demuxed.video:
            for frame in context.decode(timed.packet):
                picture = frame.to_ndarray(format="bgr24")
                if waiting and timed.at_s >= waiting[0]:
                    waiting.pop(0)
                    yield Still(timed.at_s, picture)
