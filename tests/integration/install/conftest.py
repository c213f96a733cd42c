"""A signed bundle, and a root with a box whose two versions are really there."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from appliance.rehearsal.free_ports import free_port
from tests.integration.install.scripts import SCRIPTS, bash, put_version
from tests.support.box import RealBox


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A directory with a release key and a small bundle signed with it."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "file").write_text("content")
    with tarfile.open(tmp_path / "payload", "w") as tar:
        tar.add(tmp_path / "content", "source")
    made = bash(
        "-c",
        f"""set -e; cd {tmp_path}; . {SCRIPTS}/box.sh; cd {tmp_path}
        for n in release other; do
          openssl genpkey -algorithm ed25519 -out $n.pem
          openssl pkey -in $n.pem -pubout -out $n.pub
        done
        cp payload bundle
        sha256sum payload | cut -d' ' -f1 | tr -d '\\n' >digest
        openssl pkeyutl -sign -rawin -inkey release.pem -in digest -out signature
        {{ printf %s $hv_mark; cat signature; }} >>bundle""",
    )
    assert made.returncode == 0, made.stderr
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a new box."""
    box = RealBox(tmp_path_factory.mktemp("made") / "box", free_port())
    box.make()
    return box.state


@pytest.fixture
def installed(tmp_path: Path, release: Path, made: Path) -> Path:
    """A root with version 0.1.0 in place; its programs are this checkout's."""
    root = tmp_path / "root"
    opt = root / "opt" / "hallvakt"
    put_version(opt / "versions" / "0.1.0", "0.1.0")
    (opt / "current").symlink_to("versions/0.1.0")
    (root / "etc" / "hallvakt").mkdir(parents=True)
    shutil.copy(release / "release.pub", root / "etc" / "hallvakt" / "release.pub")
    shutil.copytree(made, root / "var" / "lib" / "hallvakt")
    return root
