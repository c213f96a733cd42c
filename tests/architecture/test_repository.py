"""What is in the repository, and what its documents promise."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from cyclopts import App

from appliance.adapters.vision.manifest import read_manifest
from appliance.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
_WEIGHTS_AND_MEDIA = {
    ".onnx", ".tflite", ".dat", ".pb", ".bin", ".jpg", ".jpeg", ".png", ".webm", ".mp4", ".wav",
    ".ogg", ".y4m", ".db",
}  # fmt: skip
_COMMAND = re.compile(r"`hallvakt ((?:[a-z-]+ ?)+)")


def _committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [Path(line) for line in listed.stdout.splitlines()]


def test_no_weights_photos_or_media_are_committed() -> None:
    assert {path for path in _committed() if path.suffix in _WEIGHTS_AND_MEDIA} == set()


def test_top_level_holds_what_it_should_and_nothing_else() -> None:
    allowed = {
        "appliance", "firmware_scripts", "models", "tui", "systemd", "tests", ".ci", ".gitignore",
        "pyproject.toml", "requirements.lock", "README.md", "CHANGELOG.md",
    }  # fmt: skip
    assert {path.parts[0] for path in _committed()} - allowed == set()


def test_every_locked_package_has_hashes_and_no_path_of_a_machine() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[\w.\[\]-]+==", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[\w.\[\]-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(pins) == len(blocks) > 50
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in lock


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in wanted}
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    assert names - locked == set()


def test_every_model_has_a_card() -> None:
    cards = {path.name for path in (ROOT / "models" / "cards").glob("*.md")}
    assert {model.card for model in read_manifest().models} == cards


def test_documents_name_only_commands_that_exist() -> None:
    documents = [ROOT / "README.md", ROOT / "appliance" / "ARCHITECTURE.md"]
    named = {
        found.strip() for document in documents for found in _COMMAND.findall(document.read_text())
    }
    assert len(named) >= 3
    assert {words for words in named if not _exists(words.split())} == set()


def _exists(words: list[str]) -> bool:
    here: App = app
    for word in words:
        if not list(here) or word.startswith("-"):  # the rest are arguments
            return True
        if word not in here:
            return False
        here = here[word]
    return True
