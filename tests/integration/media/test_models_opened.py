"""What is switched off does not happen: the kernel says which model files are ever opened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appliance.adapters.vision.weights import default_directory
from appliance.core.messages import (
    AnalyseSnippet,
    MakeFilmStrip,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
    WorkerFailed,
)
from appliance.core.processing import Category, permitted
from appliance.core.settings import Features
from appliance.rehearsal.scenes import SceneKind
from tests.support import clips
from tests.support.file_events import OpenedFiles
from tests.support.media_workers import media_worker

WITHOUT_METRICS = permitted(
    Features(live_view=True, video_snippets=True, face_photo=True, audio_presence=True)
)
WITH_METRICS = permitted(Features(video_snippets=True, face_photo=True, track_misuse_metrics=True))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Our own copy, so that nobody else opens these files."""
    return Path(shutil.copytree(default_directory(), tmp_path / "models"))


def test_with_misuse_metrics_off_no_face_model_is_opened(models: Path, tmp_path: Path) -> None:
    with OpenedFiles(models) as opened, media_worker(tmp_path, models=models) as worker:
        photo = clips.portrait()
        portrait = worker.ask(PreparePortrait(picture=photo, permitted=WITHOUT_METRICS))
        assert isinstance(portrait, PortraitPrepared)
        assert portrait.portrait is not None
        assert portrait.descriptor is None

        silent = clips.snippet(kind=SceneKind.USUAL, sound=True)
        for media in (clips.snippet(kind=SceneKind.SECOND_PERSON), silent):
            measured = worker.ask(AnalyseSnippet(media=media, permitted=WITHOUT_METRICS))
            assert isinstance(measured, SnippetMeasured)
            assert measured.frames
        worker.ask(MakeFilmStrip(media=silent))
        assert opened.names() == set()  # not even the voice model: the gate never opened

        talking = clips.snippet(kind=SceneKind.CONVERSATION, sound=True)
        worker.ask(AnalyseSnippet(media=talking, permitted=WITHOUT_METRICS))
        assert opened.names() == {"silero_vad.onnx"}


def test_each_model_is_opened_when_its_category_is_permitted(models: Path, tmp_path: Path) -> None:
    """The other half of the proof: the watch does see the worker's opening."""
    media = clips.snippet()
    with OpenedFiles(models) as opened, media_worker(tmp_path, models=models) as worker:
        worker.ask(AnalyseSnippet(media=media, permitted=frozenset({Category.FACE_COUNT})))
        assert opened.names() == {"yunet_n.onnx"}
        worker.ask(AnalyseSnippet(media=media, permitted=frozenset({Category.HEAD_POSE})))
        assert opened.names() == {"yunet_n.onnx", "facemesh468.onnx"}
        worker.ask(PreparePortrait(picture=clips.portrait(), permitted=WITH_METRICS))
        assert opened.names() == {"yunet_n.onnx", "facemesh468.onnx", "dlib_resnet_v1.onnx"}


def test_a_model_that_was_changed_is_refused(models: Path, tmp_path: Path) -> None:
    path = models / "yunet_n.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with media_worker(tmp_path, models=models) as worker:
        reply = worker.ask(
            AnalyseSnippet(media=clips.snippet(), permitted=frozenset({Category.FACE_COUNT}))
        )
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "model-changed"
