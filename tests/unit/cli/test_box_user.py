"""Whoever is not the box's user is told what to type, before anything is written that its user
could not read, and where the box kept them out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.cli.box_user import Typing, another_user, kept_out
from appliance.cli.main import run
from appliance.core.errors import WrongConfiguration

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root is who is told")

_OTHER = 65534  # "nobody", on every Debian
_STRANGER, _DATA = 64_298, 64_210
_WRITING = (
    ["init", "--lead", "ingrid"],
    ["sync", "run"],
    ["janitor"],
    ["backup", "drill"],
    ["backup", "restore", "box.backup"],
    ["keys", "recipients", "install", "recipients.json"],
    ["repair"],
)


@pytest.fixture
def box_of_another(tmp_path: Path) -> Path:
    state = tmp_path / "box"
    state.mkdir(mode=0o700)
    os.chown(state, _OTHER, _OTHER)
    return state


def _who(uid: int, *groups: int, installed: int | None = None, place: Path = Path("/")) -> Typing:
    return Typing(uid=uid, groups=groups, installed=installed, place=place)


@pytest.mark.parametrize("words", _WRITING, ids=" ".join)
def test_what_root_would_leave_behind_is_refused(
    words: Sequence[str], box_of_another: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--state", str(box_of_another)]) == 4
    said = capsys.readouterr().err
    assert f"runuser -u nobody -- hallvakt {' '.join(words)} --state {box_of_another}" in said
    assert said.count("\n") == 1
    assert list(box_of_another.iterdir()) == []


@pytest.mark.parametrize("words", _WRITING, ids=" ".join)
def test_anybody_else_is_told_who_may(words: Sequence[str], box_of_another: Path) -> None:
    typed = [*words, "--state", str(box_of_another)]
    told = another_user(typed, _who(_STRANGER))
    assert told is not None
    assert told.endswith(f"As root: runuser -u nobody -- hallvakt {' '.join(typed)}")
    assert another_user(typed, _who(_OTHER)) is None


@pytest.mark.parametrize("words", _WRITING, ids=" ".join)
def test_users_of_the_box_s_group_do_what_their_units_do(
    words: Sequence[str], box_of_another: Path
) -> None:
    os.chown(box_of_another, _OTHER, _DATA)
    box_of_another.chmod(0o2750)
    typed = [*words, "--state", str(box_of_another)]
    told = another_user(typed, _who(_STRANGER, _DATA))
    assert (told is None) is (words[:2] in (["sync", "run"], ["janitor"], ["backup", "drill"]))


@pytest.mark.parametrize("there", [False, True], ids=["none", "root's"])
@pytest.mark.parametrize("uid", [0, _STRANGER, _OTHER], ids=["root", "stranger", "hallvakt"])
def test_where_the_installer_was_a_box_is_not_made_for_root(
    tmp_path: Path, uid: int, there: bool
) -> None:
    state = tmp_path / "box"
    if there:
        state.mkdir()
    who, typed = _who(uid, installed=_OTHER, place=state), [f"--state={state}"]
    for words in (["init", "--lead", "x"], ["backup", "restore", "f"], ["first-boot"]):
        told = another_user([*words, *typed], who)
        assert told is not None
        assert f"install -d -m 2750 -o hallvakt -g hallvakt-data {state}; then: runuser" in told
    assert another_user(["sync", "run", *typed], who) is None
    elsewhere = _who(0, installed=_OTHER, place=tmp_path / "another")
    assert another_user(["init", *typed], elsewhere) is None


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


def test_an_error_of_something_else_is_told_as_it_is(box_of_another: Path) -> None:
    typed, inside = ["doctor", f"--state={box_of_another}"], str(box_of_another / "box.toml")
    kept = WrongConfiguration("it cannot be read")
    kept.__cause__ = PermissionError(13, "Permission denied", inside)
    assert kept_out(typed, _who(_STRANGER), kept) is not None
    for uid, error in (
        (_OTHER, kept),
        (0, kept),
        (_STRANGER, WrongConfiguration("it is not there")),
        (_STRANGER, PermissionError(13, "Permission denied", "/elsewhere")),
        (_STRANGER, FileNotFoundError(2, "No such file", inside)),
    ):
        assert kept_out(typed, _who(uid), error) is None
