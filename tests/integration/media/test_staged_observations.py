"""Staged footage through a real worker and the real rules: what an invigilator would be told."""

from __future__ import annotations

from itertools import count

import pytest

from appliance.core.ids import AttemptId, ObservationId
from appliance.core.messages import (
    AnalyseSnippet,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
)
from appliance.core.observation import Observation, ObservationKind
from appliance.core.processing import permitted
from appliance.core.rules import ObservationStarted, RuleState, advance
from appliance.core.settings import Features, RuleThresholds
from appliance.rehearsal.clips import StagedFootage
from appliance.rehearsal.material import ASTRONAUT, PRESIDENT, VICE_PRESIDENT, Person
from appliance.rehearsal.scenes import Scene, SceneKind
from tests.support.media_workers import WorkerProcess

PERMITTED = permitted(
    Features(video_snippets=True, face_photo=True, audio_presence=True, track_misuse_metrics=True)
)
STARTED_MS = 1_780_000_000_000
EVENT_FROM_S, EVENT_TO_S = 14.0, 34.0
_THRESHOLDS = RuleThresholds(other_person_s=6.0)  # of 20: the whole event lasts so long

EVENTS = {
    SceneKind.NOBODY: ObservationKind.NOBODY_IN_VIEW,
    SceneKind.SECOND_PERSON: ObservationKind.SEVERAL_FACES,
    SceneKind.OTHER_PERSON: ObservationKind.OTHER_PERSON,
    SceneKind.COVERED: ObservationKind.PICTURE_COVERED,
    SceneKind.CONVERSATION: ObservationKind.CONVERSATION,
    SceneKind.NOISE: ObservationKind.NOISE,
}


def observed(
    worker: WorkerProcess, footage: StagedFootage, snippets: int
) -> list[tuple[float, Observation]]:
    """Observations and the second of the recording up to which video was needed for each."""
    portrait = worker.ask(PreparePortrait(picture=footage.portrait(), permitted=PERMITTED))
    assert isinstance(portrait, PortraitPrepared)
    numbers = count()
    rules = RuleState(attempt_id=AttemptId("0" * 32))
    state, found = b"", []
    for number in range(snippets):
        media = footage.snippet(number * 10.0, 10.0, sound=True)
        measured = worker.ask(
            AnalyseSnippet(
                media=media, permitted=PERMITTED, reference=portrait.descriptor, state=state
            )
        )
        assert isinstance(measured, SnippetMeasured)
        state = measured.state
        rules, events = advance(
            rules,
            snippet_started_ms=STARTED_MS + number * 10_000,
            sequence=number + 1,
            frames=measured.frames,
            sound=measured.sound,
            thresholds=_THRESHOLDS,
            permitted=PERMITTED,
            new_id=lambda: ObservationId(f"{next(numbers):032x}"),
        )
        found += [
            ((number + 1) * 10.0, event.observation)
            for event in events
            if isinstance(event, ObservationStarted)
        ]
    return found


@pytest.mark.parametrize(("kind", "expected"), EVENTS.items(), ids=[kind.value for kind in EVENTS])
def test_each_staged_event_is_observed_and_nothing_else(
    worker: WorkerProcess, kind: SceneKind, expected: ObservationKind
) -> None:
    scenes = [Scene(kind, EVENT_FROM_S, EVENT_TO_S)]
    found = observed(worker, StagedFootage(PRESIDENT, VICE_PRESIDENT, scenes), 4)
    assert [observation.kind for _, observation in found] == [expected]
    ((known_s, observation),) = found
    began_s = (observation.started_ms - STARTED_MS) / 1000
    assert began_s == pytest.approx(
        EVENT_FROM_S, abs=10.0 if kind is SceneKind.OTHER_PERSON else 2.5
    )
    assert known_s <= EVENT_TO_S + 6.0


@pytest.mark.parametrize("person", [ASTRONAUT, PRESIDENT], ids=lambda p: p.photo)
def test_a_picture_that_stands_still_is_said_to(worker: WorkerProcess, person: Person) -> None:
    """A photograph before the lens or a frozen driver: no sensor noise, only the encoder's own."""
    scenes = [Scene(SceneKind.FROZEN, EVENT_FROM_S, 54.0)]
    ((known_s, observation),) = observed(worker, StagedFootage(person, VICE_PRESIDENT, scenes), 6)
    assert observation.kind is ObservationKind.PICTURE_FROZEN
    assert (observation.started_ms - STARTED_MS) / 1000 == pytest.approx(EVENT_FROM_S, abs=4.5)
    assert known_s <= EVENT_FROM_S + RuleThresholds().frozen_s + 16.0


@pytest.mark.parametrize("person", [ASTRONAUT, PRESIDENT, VICE_PRESIDENT], ids=lambda p: p.photo)
def test_someone_who_sits_and_reads_gives_no_observation(
    worker: WorkerProcess, person: Person
) -> None:
    assert observed(worker, StagedFootage(person, PRESIDENT), 6) == []
