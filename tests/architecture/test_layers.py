"""The contracts of pyproject.toml hold, and deferred imports do not get around them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_MEDIA = {"av", "cv2", "onnxruntime"}
_STORES = {"apsw", "pymongo"}


def test_import_contracts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        # What is decoded is decoded in the media worker; the gateway has no decoder to attack.
        ("appliance.processes.gateway", _MEDIA | {"aiortc", "pymongo", "textual", "onnx"}),
        ("appliance.web.application", _MEDIA | _STORES | {"aiortc", "cryptography", "textual"}),
        # The worker holds no key and knows no database.
        ("appliance.processes.media_worker", _STORES | {"aiohttp", "cryptography", "aiortc"}),
        # `hallvakt --help` is quick: a command loads its own libraries when it is called.
        (
            "appliance.cli.main",
            _MEDIA | _STORES | {"aiohttp", "aiortc", "cryptography", "numpy", "textual", "msgspec"},
        ),
        ("tui.app", _STORES | {"cv2", "onnxruntime", "appliance.web", "appliance.config"}),
        ("appliance.core.ports", _MEDIA | _STORES | {"aiohttp", "msgspec", "numpy", "asyncio"}),
    ],
)
def test_a_module_loads_no_more_than_it_should(module: str, unwanted: set[str]) -> None:
    loaded = _modules_after_import(module)
    assert loaded & unwanted == set()


def _modules_after_import(module: str) -> set[str]:
    code = f"import json, sys; import {module}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))
