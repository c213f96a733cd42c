"""The bundle's list of parts is CycloneDX as its schema has it, and names every kind of part."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.support.box import ROOT

_PACKAGES = """Package: coturn
Version: 4.6.1-1+b1
Architecture: amd64
Filename: ./coturn.deb
SHA256: {digest}

Package: nftables
Version: 1.0.6-2
Architecture: amd64
Filename: ./nftables.deb
SHA256: {digest}
"""


_METADATA = """Metadata-Version: 2.1
Name: {name}
Version: 3.1
License: Apache-2.0
"""


def _environment(directory: Path, *packages: str) -> Path:
    """A small one: to read the whole environment of the tests takes half a minute."""
    venv.create(directory, symlinks=True)
    (site,) = directory.glob("lib/python*/site-packages")
    for name in packages:
        (site / f"{name}-3.1.dist-info").mkdir()
        (site / f"{name}-3.1.dist-info" / "METADATA").write_text(_METADATA.format(name=name))
    return directory / "bin" / "python"


def test_the_list_of_parts_is_valid_and_whole(tmp_path: Path) -> None:
    (tmp_path / "bookworm").mkdir()
    (tmp_path / "bookworm" / "Packages").write_text(_PACKAGES.format(digest="5" * 64))
    python = _environment(tmp_path / "environment", "numpy")
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "firmware_scripts" / "bundle_parts.py")),
            *("--python", str(python), "--debs", str(tmp_path), "--source", str(ROOT)),
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(done.stdout) is None
    parts = {part["name"]: part for part in json.loads(done.stdout)["components"]}
    assert parts["coturn"]["purl"] == (
        "pkg:deb/debian/coturn@4.6.1-1%2Bb1?arch=amd64&distro=bookworm"
    )
    assert parts["numpy"]["purl"] == "pkg:pypi/numpy@3.1"
    models = [part for part in parts.values() if part["type"] == "machine-learning-model"]
    assert models
    assert all(part["licenses"] and part["hashes"] for part in models)
