"""Staged snippets through a real media worker: what it measures, and what it does not."""

from __future__ import annotations

from statistics import fmean

import pytest

from appliance.core.messages import (
    AnalyseSnippet,
    FilmStripMade,
    MakeFilmStrip,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
)
from appliance.core.observation import FrameMeasurement
from appliance.core.processing import Category, permitted
from appliance.core.settings import Features
from appliance.processes.analysis import attempt_state
from appliance.rehearsal.scenes import SceneKind
from tests.support import clips
from tests.support.media_workers import WorkerProcess

EVERYTHING = permitted(
    Features(video_snippets=True, face_photo=True, audio_presence=True, track_misuse_metrics=True)
)
VIDEO_ONLY = permitted(Features(video_snippets=True))
WITH_SOUND = permitted(Features(video_snippets=True, audio_presence=True))

# After an attempt's first minute, in which a first answer takes its time.
LATER = attempt_state.dump(attempt_state.AttemptState(elapsed_s=100.0))


def measure(
    worker: WorkerProcess,
    media: bytes,
    categories: frozenset[Category] = EVERYTHING,
    reference: bytes | None = None,
    state: bytes = LATER,
) -> SnippetMeasured:
    reply = worker.ask(
        AnalyseSnippet(media=media, permitted=categories, reference=reference, state=state)
    )
    assert isinstance(reply, SnippetMeasured), reply
    return reply


def described(worker: WorkerProcess, person: str) -> bytes:
    reply = worker.ask(PreparePortrait(picture=clips.portrait(person), permitted=EVERYTHING))
    assert isinstance(reply, PortraitPrepared)
    assert reply.hints == ()
    assert reply.descriptor is not None
    return reply.descriptor


def similarities(frames: tuple[FrameMeasurement, ...]) -> list[float]:
    return [frame.similarity for frame in frames if frame.similarity is not None]


@pytest.mark.parametrize("person", ["astronaut", "president", "vice president"])
def test_one_face_every_two_seconds(worker: WorkerProcess, person: str) -> None:
    measured = measure(worker, clips.snippet(person))
    assert [round(frame.at_s) for frame in measured.frames] == [0, 2, 4, 6, 8]
    for frame in measured.frames:
        assert frame.face_scores is not None
        assert len(frame.face_scores) == 1
        assert frame.face_scores[0] > 0.85
        assert frame.yaw is not None
        assert abs(frame.yaw) < 20
    assert measured.duration_s == pytest.approx(10.0, abs=0.2)


def test_an_empty_seat_has_no_face(worker: WorkerProcess) -> None:
    measured = measure(worker, clips.snippet(kind=SceneKind.NOBODY))
    assert [frame.face_scores for frame in measured.frames] == [()] * 5
    assert all(frame.brightness > 0.3 for frame in measured.frames)


@pytest.mark.parametrize("person", ["astronaut", "president", "vice president"])
def test_a_second_person_is_counted_surely(worker: WorkerProcess, person: str) -> None:
    measured = measure(worker, clips.snippet(person, SceneKind.SECOND_PERSON))
    for frame in measured.frames:
        assert frame.face_scores is not None
        assert len([score for score in frame.face_scores if score >= 0.8]) == 2


def test_the_same_person_in_another_photograph_is_alike(worker: WorkerProcess) -> None:
    reference = described(worker, "president")
    for person in ("president", "president again", "president third"):
        seen = similarities(measure(worker, clips.snippet(person), reference=reference).frames)
        assert seen, person
        assert min(seen) > 0.5, person


def test_another_person_is_not_alike(worker: WorkerProcess) -> None:
    pairs = (("president", "vice president"), ("astronaut", "president"))
    for own, other in pairs:
        reference = described(worker, own)
        seen = similarities(measure(worker, clips.snippet(other), reference=reference).frames)
        assert seen
        assert max(seen) < 0.1


def test_another_person_is_noticed_within_two_snippets(worker: WorkerProcess) -> None:
    """Without an absence in between, so that only the description can tell."""
    reference = described(worker, "president")
    state = LATER
    for start_s in (0.0, 10.0, 20.0):
        media = clips.snippet("president", start_s=start_s)
        measured = measure(worker, media, reference=reference, state=state)
        seen = similarities(measured.frames)
        assert seen or start_s > 0.0
        assert all(value > 0.5 for value in seen)
        state = measured.state
    below = 0
    for start_s in (30.0, 40.0):
        media = clips.snippet("vice president", start_s=start_s)
        measured = measure(worker, media, reference=reference, state=state)
        below += sum(value < 0.5 for value in similarities(measured.frames))
        state = measured.state
    assert below >= 3


def test_a_settled_face_is_seldom_described(worker: WorkerProcess) -> None:
    """Describing is the dearest step: the state of one snippet saves it in the next."""
    reference = described(worker, "astronaut")
    first = measure(worker, clips.snippet("astronaut"), reference=reference)
    said, state = 0, first.state
    for start_s in (10.0, 20.0, 30.0, 40.0):
        media = clips.snippet("astronaut", start_s=start_s)
        measured = measure(worker, media, reference=reference, state=state)
        said += len(similarities(measured.frames))
        state = measured.state
    assert 1 <= said <= 3


def test_covered_and_frozen_pictures_differ_from_living_ones(worker: WorkerProcess) -> None:
    living = measure(worker, clips.snippet("president"), VIDEO_ONLY).frames[1:]
    frozen = measure(worker, clips.snippet("president", SceneKind.FROZEN), VIDEO_ONLY).frames[1:]
    covered = measure(worker, clips.snippet("president", SceneKind.COVERED), VIDEO_ONLY).frames
    assert max(frame.change or 0.0 for frame in frozen) < 0.006
    assert min(frame.change or 0.0 for frame in living) > 0.01
    assert max(frame.brightness for frame in covered) < 0.04 < living[0].brightness


def test_speech_silence_and_noise(worker: WorkerProcess) -> None:
    heard = {
        kind: measure(worker, clips.snippet(kind=kind, sound=True), WITH_SOUND).sound
        for kind in (SceneKind.USUAL, SceneKind.CONVERSATION, SceneKind.NOISE)
    }
    assert all(len(windows) >= 9 for windows in heard.values())
    voices = {kind: fmean(w.voice or 0.0 for w in windows) for kind, windows in heard.items()}
    assert voices[SceneKind.CONVERSATION] > 0.6
    assert voices[SceneKind.NOISE] < 0.05
    assert voices[SceneKind.USUAL] == 0.0
    assert all(window.voice is None for window in heard[SceneKind.USUAL])  # never asked
    levels = {kind: fmean(w.level_dbfs for w in windows) for kind, windows in heard.items()}
    assert levels[SceneKind.NOISE] > -25 > -50 > levels[SceneKind.USUAL]


def test_what_is_not_permitted_is_not_measured(worker: WorkerProcess) -> None:
    media = clips.snippet(kind=SceneKind.CONVERSATION, sound=True)
    measured = measure(worker, media, VIDEO_ONLY, reference=described(worker, "president"))
    assert measured.sound == ()
    assert measured.thumbnail is not None
    for frame in measured.frames:
        assert frame.face_scores is None
        assert frame.similarity is None
        assert frame.yaw is None
        assert frame.pitch is None
    assert set(measured.cpu_ms) <= {"open", "decode", "quality", "thumbnail"}

    nothing = measure(worker, media, frozenset())
    assert (nothing.frames, nothing.sound, nothing.thumbnail) == ((), (), None)


@pytest.mark.parametrize("category", [Category.FACE_COUNT, Category.HEAD_POSE, Category.DESCRIPTOR])
def test_each_face_category_gives_its_own_fields_only(
    worker: WorkerProcess, category: Category
) -> None:
    measured = measure(
        worker,
        clips.snippet("president"),
        VIDEO_ONLY | {category},
        reference=described(worker, "president"),
    )
    frames = measured.frames
    assert any(frame.face_scores for frame in frames) == (category is Category.FACE_COUNT)
    assert any(frame.yaw is not None for frame in frames) == (category is Category.HEAD_POSE)
    assert bool(similarities(frames)) == (category is Category.DESCRIPTOR)


def test_thumbnails_and_film_strips_are_bare_jpeg(worker: WorkerProcess) -> None:
    media = clips.snippet("president")
    measured = measure(worker, media, VIDEO_ONLY)
    strip = worker.ask(MakeFilmStrip(media=media, count=6, width=160))
    assert isinstance(strip, FilmStripMade)
    assert len(strip.stills) == 6
    moments = [at_s for at_s, _ in strip.stills]
    assert moments == sorted(moments)
    assert moments[0] < 2 < 8 < moments[-1]
    assert measured.thumbnail is not None
    for jpeg in (measured.thumbnail, *(jpeg for _, jpeg in strip.stills)):
        assert jpeg.startswith(b"\xff\xd8\xff\xe0")  # JFIF and nothing before it
        assert b"Exif" not in jpeg
        assert b"Lavf" not in jpeg
