"""Exit codes, one line of error, one JSON document: what scripts rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cli import main as command
from appliance.core import errors
from appliance.core.errors import HallvaktError


def hallvakt(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "appliance.cli.main", *arguments]
    return subprocess.run(words, capture_output=True, text=True, input=given, timeout=120)


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (errors.NotAllowed, 4),
        (errors.BadInput, 2),
        (errors.NotFound, 2),
        (errors.WrongConfiguration, 3),
        (errors.Unreachable, 5),
        (errors.NoRoom, 5),
        (errors.IntegrityFailure, 6),
    ],
)
def test_every_error_has_its_exit_code_and_one_line(
    kind: type[HallvaktError],
    exit_code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise kind("Something is wrong:\n do this.")

    assert command.run(["exam"], fail) == exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "hallvakt: Something is wrong: do this.\n"


def test_an_unforeseen_error_gives_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("missing")

    monkeypatch.delenv("HALLVAKT_TRACEBACK", raising=False)
    assert command.run(["exam"], fail) == 70
    assert "KeyError" in capsys.readouterr().err
    monkeypatch.setenv("HALLVAKT_TRACEBACK", "1")
    with pytest.raises(KeyError):
        command.run(["exam"], fail)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["exma"], 2, "did you mean exam?"),
        (["exam", "opne"], 2, "opne"),
        (["exam", "settings"], 2, "requires an argument"),
        (["exam", "settings", "nowhere.toml"], 2, "nowhere.toml cannot be read"),
        (["exam", "list", "--as", "x", "--state", "/nonexistent"], 5, "No box is running"),
        (["serve", "--state", "/nonexistent"], 3, "hallvakt init"),
        (["models", "install", "--with", "nosuch"], 2, "No model is called nosuch"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], exit_code: int, says: str) -> None:
    done = hallvakt(*arguments)
    assert done.returncode == exit_code
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_json_is_one_document_and_nothing_else(tmp_path: Path) -> None:
    settings = tmp_path / "exam.toml"
    settings.write_text('[exam]\ntitle = "Å"\n[retention]\ndays = 30\n')
    done = hallvakt("exam", "settings", str(settings), "--json")
    assert json.loads(done.stdout)["title"] == "Å"
    assert done.stderr == ""
    done = hallvakt("exam", "notice", str(settings), "--language", "en", "--json")
    assert json.loads(done.stdout)["language"] == "en"


def test_wrong_settings_exit_as_wrong_configuration(tmp_path: Path) -> None:
    settings = tmp_path / "exam.toml"
    settings.write_text('[exam]\ntitle = "x"\n')
    done = hallvakt("exam", "create", str(settings), "--as", "lead", "--state", str(tmp_path))
    assert done.returncode == 3
    assert "retention is missing" in done.stderr


def test_help_names_every_command() -> None:
    done = hallvakt("--help")
    assert done.returncode == 0
    for name in ("init", "serve", "console", "exam", "attempt", "user", "keys", "sync", "models"):
        assert f" {name} " in done.stdout


def test_output_that_nobody_reads_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "appliance.cli.main", "models", "list"]
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(words, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
