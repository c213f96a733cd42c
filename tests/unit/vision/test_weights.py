"""Only files that the manifest names are loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from appliance.adapters.vision import manifest, weights
from appliance.adapters.vision.descriptors import CALIBRATION
from appliance.adapters.vision.manifest import Manifest, Model
from appliance.core.errors import IntegrityFailure, NotFound, WrongConfiguration

CONTENT = b"a model"


@pytest.fixture
def small() -> Manifest:
    """A manifest that names one small file."""
    real = manifest.read_manifest()
    changed = msgspec.structs.replace(
        real.models[0], sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT)
    )
    return Manifest(models=(changed,), pictures=())


@pytest.fixture
def model(small: Manifest) -> Model:
    return small.models[0]


def test_the_named_file_is_loaded(small: Manifest, model: Model, tmp_path: Path) -> None:
    (tmp_path / model.file).write_bytes(CONTENT)
    assert weights.load_bytes(model.name, tmp_path, small) == CONTENT
    assert weights.find(model.name, tmp_path, small) == tmp_path / model.file


@pytest.mark.parametrize("content", [b"", b"a modem", CONTENT + b"\0"])
def test_a_changed_file_is_not(
    small: Manifest, model: Model, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / model.file).write_bytes(content)
    with pytest.raises(IntegrityFailure, match="models install"):
        weights.load_bytes(model.name, tmp_path, small)


def test_a_missing_file_says_what_to_run(small: Manifest, model: Model, tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="models install`"):
        weights.load_bytes(model.name, tmp_path, small)


@pytest.mark.parametrize("name", ["nosuch", "../yunet", "yunet_n.onnx"])
def test_a_model_the_manifest_does_not_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "nosuch").write_bytes(CONTENT)
    with pytest.raises(NotFound, match="No model is called"):
        weights.load_bytes(name, tmp_path)


def test_where_models_lie_can_be_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HALLVAKT_MODELS", str(tmp_path))
    assert weights.default_directory() == tmp_path
    monkeypatch.delenv("HALLVAKT_MODELS")
    assert weights.default_directory().parts[-3:] == ("share", "hallvakt", "models")


def test_what_an_open_licence_question_hangs_on_is_opt_in() -> None:
    opt_in = {model.name for model in manifest.read_manifest().models if model.opt_in}
    assert opt_in == {"mobilefacenet"}


def test_a_wheel_carries_the_manifest(tmp_path: Path) -> None:
    """Without a checkout it is found where the wheel's shared data is installed."""
    found = manifest.manifest_directory(tmp_path / "no-checkout", str(tmp_path))
    assert found == tmp_path / "share" / "hallvakt" / "manifest"


def test_unknown_words_in_the_manifest_are_refused(tmp_path: Path) -> None:
    text = (manifest.manifest_directory() / "manifest.toml").read_text()
    (tmp_path / "manifest.toml").write_text(text.replace("opt_in =", "optin ="))
    with pytest.raises(WrongConfiguration, match="optin"):
        manifest.read(tmp_path / "manifest.toml")


def test_the_manifest_names_the_cosine_at_which_the_product_decides() -> None:
    known = manifest.read_manifest()
    for descriptor, calibration in CALIBRATION.items():
        assert known.model(descriptor.value).decision_cosine == calibration.threshold
