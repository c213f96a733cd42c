"""Check-in photos through a real media worker: hints, cut-outs and descriptors."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from appliance.core.messages import PortraitHint, PortraitPrepared, PreparePortrait
from appliance.core.processing import Category, permitted
from appliance.core.settings import Descriptor, Features
from appliance.rehearsal.scenes import SceneKind
from tests.support import clips
from tests.support.media_workers import WorkerProcess

WITHOUT_METRICS = permitted(Features(face_photo=True))
WITH_METRICS = permitted(Features(face_photo=True, track_misuse_metrics=True))


def prepare(
    worker: WorkerProcess, picture: Image.Image | bytes, categories: frozenset[Category]
) -> PortraitPrepared:
    reply = worker.ask(PreparePortrait(picture=as_jpeg(picture), permitted=categories))
    assert isinstance(reply, PortraitPrepared), reply
    return reply


def as_jpeg(picture: Image.Image | bytes) -> bytes:
    if isinstance(picture, bytes):
        return picture
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def honest() -> Image.Image:
    return Image.open(io.BytesIO(clips.portrait("president"))).convert("RGB")


def staged(kind: SceneKind) -> Image.Image:
    return Image.fromarray(clips.footage("president", kind, (640, 480)).picture(0.0))


def lit(factor: float, lift: float = 0.0) -> Image.Image:
    pixels = np.asarray(honest()).astype(np.float32) * factor + lift
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def far_away() -> Image.Image:
    picture = Image.new("RGB", (640, 480), (150, 150, 150))
    picture.paste(honest().resize((213, 160)), (200, 150))
    return picture


HINTS: dict[str, tuple[Image.Image, PortraitHint]] = {
    "dark": (lit(0.3), PortraitHint.MORE_LIGHT),
    "glaring": (lit(0.3, 200.0), PortraitHint.LESS_LIGHT),
    "blurred": (honest().filter(ImageFilter.GaussianBlur(7)), PortraitHint.HOLD_STILL),
}
FACE_HINTS: dict[str, tuple[Image.Image, PortraitHint]] = {
    "nobody": (staged(SceneKind.NOBODY), PortraitHint.NO_FACE),
    "two persons": (staged(SceneKind.SECOND_PERSON), PortraitHint.SEVERAL_FACES),
    "far away": (far_away(), PortraitHint.COME_CLOSER),
}


@pytest.mark.parametrize(("picture", "hint"), HINTS.values(), ids=HINTS.keys())
@pytest.mark.parametrize("categories", [WITHOUT_METRICS, WITH_METRICS], ids=["off", "on"])
def test_light_and_blur_are_hinted_at_either_way(
    worker: WorkerProcess,
    picture: Image.Image,
    hint: PortraitHint,
    categories: frozenset[Category],
) -> None:
    reply = prepare(worker, picture, categories)
    assert hint in reply.hints
    assert (reply.portrait, reply.descriptor) == (None, None)


@pytest.mark.parametrize(("picture", "hint"), FACE_HINTS.values(), ids=FACE_HINTS.keys())
def test_faces_are_hinted_at_only_with_metrics(
    worker: WorkerProcess, picture: Image.Image, hint: PortraitHint
) -> None:
    reply = prepare(worker, picture, WITH_METRICS)
    assert reply.hints == (hint,)
    assert (reply.portrait, reply.descriptor) == (None, None)
    assert prepare(worker, picture, WITHOUT_METRICS).hints == ()


def test_without_metrics_the_whole_picture_is_kept(worker: WorkerProcess) -> None:
    reply = prepare(worker, clips.portrait("president"), WITHOUT_METRICS)
    assert reply.portrait is not None
    assert Image.open(io.BytesIO(reply.portrait)).size == (480, 360)
    assert reply.descriptor is None


def test_with_metrics_the_face_is_cut_out_and_described(worker: WorkerProcess) -> None:
    reply = prepare(worker, clips.portrait("president"), WITH_METRICS)
    assert reply.portrait is not None
    width, height = Image.open(io.BytesIO(reply.portrait)).size
    assert width < height  # upright, as faces are
    assert reply.descriptor is not None
    vector = np.frombuffer(reply.descriptor, "<f4")
    assert vector.shape == (128,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_a_face_photo_without_the_descriptor_has_no_vector(worker: WorkerProcess) -> None:
    categories = WITH_METRICS - {Category.DESCRIPTOR}
    reply = prepare(worker, clips.portrait("president"), categories)
    assert reply.portrait is not None
    assert reply.descriptor is None


def test_a_descriptor_that_is_not_installed_is_refused_in_words(worker: WorkerProcess) -> None:
    if (worker.models / "mobilefacenet192.onnx").exists():
        pytest.skip("mobilefacenet is installed here")
    reply = worker.ask(
        PreparePortrait(
            picture=clips.portrait(), permitted=WITH_METRICS, descriptor=Descriptor.BOTH
        )
    )
    assert "models install" in getattr(reply, "message", "")
