"""Each outside library has one room, so that it can be replaced or patched in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_WORKER = "appliance/processes/media_worker.py"
_ROOMS = {
    "av": ("appliance/adapters/media/", "appliance/rehearsal/", "tui/"),
    # `hallvakt models` dims, blurs and shrinks pictures to see what that costs the models.
    # The worker's composition root loads it before it shuts itself away from the disk.
    "cv2": ("appliance/adapters/vision/", "appliance/cli/models_", _WORKER),
    "onnxruntime": ("appliance/adapters/vision/", "appliance/adapters/hearing/"),
    "onnx": ("appliance/adapters/vision/convert/",),
    "tflite": ("appliance/adapters/vision/convert/",),
    "aiortc": ("appliance/rehearsal/", "tui/"),
    "cryptography": (
        "appliance/adapters/crypto/",
        "appliance/adapters/host/served_pair.py",
        "appliance/adapters/host/tls.py",
        "appliance/adapters/host/trust_files.py",
        "appliance/rehearsal/",
    ),
    "argon2": ("appliance/adapters/crypto/",),
    "aiobotocore": ("appliance/adapters/cloud/",),
    "botocore": ("appliance/adapters/cloud/",),
    "pymongo": ("appliance/adapters/cloud/",),
    "apsw": ("appliance/adapters/store/",),
    "webrtcvad": ("appliance/adapters/hearing/",),
    "pyseccomp": ("appliance/adapters/host/",),
    "zeroconf": ("appliance/adapters/host/",),
    "textual": ("tui/",),
    "babel": ("appliance/languages/",),
    "cyclopts": ("appliance/cli/",),
}
_PRODUCT = sorted([*(ROOT / "appliance").rglob("*.py"), *(ROOT / "tui").rglob("*.py")])
_VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "misc"}


@pytest.mark.parametrize("library", sorted(_ROOMS))
def test_a_library_stays_in_its_room(library: str) -> None:
    users = {
        path.relative_to(ROOT).as_posix() for path in _PRODUCT if library in set(_imports(path))
    }
    outside = {user for user in users if not user.startswith(_ROOMS[library])}
    assert users, f"nobody imports {library}: take it out of this table"
    assert outside == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {
        path.relative_to(ROOT).as_posix()
        for path in [*_PRODUCT, *(ROOT / "tests").rglob("*.py")]
        if {path.stem, *path.relative_to(ROOT).parts} & _VAGUE
    }
    assert vague == set()


def _imports(path: Path) -> Iterator[str]:
    """The first part of every imported module, wherever in the file it is imported."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
