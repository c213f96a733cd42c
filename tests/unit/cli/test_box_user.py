"""Root is told whose box it is, before anything is written that its user could not read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.cli.main import run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root is who is told")

_OTHER = 65534  # "nobody", on every Debian


@pytest.fixture
def box_of_another(tmp_path: Path) -> Path:
    state = tmp_path / "box"
    state.mkdir(mode=0o700)
    os.chown(state, _OTHER, _OTHER)
    return state


@pytest.mark.parametrize(
    "words",
    [
        ["init", "--lead", "ingrid"],
        ["sync", "run"],
        ["janitor"],
        ["backup", "drill"],
        ["keys", "recipients", "install", "recipients.json"],
        ["repair"],
    ],
    ids=" ".join,
)
def test_what_root_would_leave_behind_is_refused(
    words: Sequence[str], box_of_another: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--state", str(box_of_another)]) == 4
    said = capsys.readouterr().err
    assert f"runuser -u nobody -- hallvakt {' '.join(words)} --state {box_of_another}" in said
    assert said.count("\n") == 1
    assert list(box_of_another.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["metrics"], ["sync", "status"], ["support-bundle", "--help"], ["sync", "run", "-h"]]
)
def test_root_may_look(
    words: Sequence[str], box_of_another: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = [] if {"--help", "-h"} & {*words} else [f"--state={box_of_another}"]
    run([*words, *state])
    assert "runuser" not in capsys.readouterr().err


def test_root_s_own_box_is_root_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["sync", "run", f"--state={tmp_path}"])
    assert "runuser" not in capsys.readouterr().err
