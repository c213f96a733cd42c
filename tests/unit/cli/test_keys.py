"""`hallvakt keys`, as people and scripts call it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.crypto import private_keys
from appliance.adapters.crypto.recipients import load_recipients
from appliance.cli.main import run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command, the passphrase on a pipe; answer exit code, standard output and error."""
    monkeypatch.setattr(private_keys, "MEMORY_KIB", 8 * 1024)

    def run_keys(*words: object, passphrase: str | None = None) -> tuple[int, str, str]:
        arguments = ["keys", *map(str, words)]
        if passphrase is None:
            code = run(arguments)
        else:
            reader, writer = os.pipe()
            os.write(writer, passphrase.encode() + b"\n")
            os.close(writer)
            code = run([*arguments, "--passphrase-fd", str(reader)])
            os.close(reader)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_keys


def make(call: Call, kind: str, out: Path, *more: object) -> dict[str, Any]:
    code, out_text, error = call(
        kind, "create", "--out", out, "--json", *more, passphrase="long enough"
    )
    assert (code, error) == (0, "")
    document: dict[str, Any] = json.loads(out_text)
    return document


def test_a_whole_ceremony(call: Call, tmp_path: Path) -> None:
    root = make(call, "root", tmp_path / "root")
    reviewer = make(call, "reviewer", tmp_path / "rev", "--label", "Granskare")
    officer = make(call, "officer", tmp_path / "dpo", "--label", "DSO")
    code, text, _ = call("recovery", "create", "--out-dir", tmp_path / "paper", "--json")
    assert code == 0
    recovery = json.loads(text)
    assert len(recovery["files"]) == 6

    pubs = [tmp_path / "rev.pub", tmp_path / "dpo.pub", tmp_path / "paper" / "recovery.pub"]
    listed = tmp_path / "recipients.json"
    sign = ("recipients", "sign", *pubs, "--root", tmp_path / "root", "--out", listed)
    assert call(*sign, passphrase="long enough")[0] == 0
    assert call(*sign, passphrase="long enough")[0] == 0  # again: version 2

    box = tmp_path / "box"
    (box / "keys").mkdir(parents=True)
    install = ("recipients", "install", listed, "--state", box)
    code, _, error = call(*install)
    assert (code, "knows no school root" in error) == (4, True)
    assert call(*install, "--root", tmp_path / "root.pub")[0] == 0
    code, text, _ = call("recipients", "show", "--state", box, "--json")
    shown = json.loads(text)
    assert (code, shown["version"]) == (0, 2)
    assert shown["root_fingerprint"] == root["fingerprint"]
    assert [r["fingerprint"] for r in shown["recipients"]] == [
        made["fingerprint"] for made in (reviewer, officer, recovery)
    ]
    assert load_recipients(box / "keys").version == 2


def test_three_shares_make_a_key_file_again(call: Call, tmp_path: Path) -> None:
    _, text, _ = call("recovery", "create", "--out-dir", tmp_path / "paper", "--json")
    made = json.loads(text)
    shares = [file for file in made["files"] if "share" in file]
    out = tmp_path / "recovered"
    code, _, error = call(
        "recovery", "combine", *shares[:2], "--out", out, passphrase="long enough"
    )
    assert (code, "3 different shares are needed" in error) == (2, True)
    code, text, _ = call(
        "recovery", "combine", *shares[2:], "--out", out, "--json", passphrase="long enough"
    )
    assert (code, json.loads(text)["fingerprint"]) == (0, made["fingerprint"])
    assert private_keys.read_private_key(out, "long enough").kind == "recovery"


def test_the_root_in_shares(call: Call, tmp_path: Path) -> None:
    made = make(call, "root", tmp_path / "root")
    paper = tmp_path / "paper"
    split = ("root", "split", "--root", tmp_path / "root", "--out-dir", paper)
    assert call(*split, passphrase="wrong")[0] == 4
    assert call(*split, passphrase="long enough")[0] == 0
    shares = sorted(paper.iterdir())[1:4]
    code, text, _ = call(
        "root", "combine", *shares, "--out", tmp_path / "again", "--json", passphrase="another one"
    )
    assert (code, json.loads(text)["fingerprint"]) == (0, made["fingerprint"])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("recipients", "sign", "--root", "r", "--out", "o"), 2, "No public keys"),
        (("recipients", "install", "f", "--state", "nowhere"), 2, "There is no box"),
        (("recipients", "show", "f"), 2, "--root"),
        (("reviewer", "create", "--out", "f"), 2, "label"),
        (("recipients", "show", "--state", "nowhere"), 2, "no list of recipients"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    call: Call, words: tuple[str, ...], code: int, sentence: str
) -> None:
    found, out, error = call(*words)
    assert (found, out) == (code, "")
    assert sentence.lower() in error.lower()
    assert error.count("\n") == 1


def test_a_key_file_is_never_replaced(call: Call, tmp_path: Path) -> None:
    make(call, "root", tmp_path / "root")
    before = (tmp_path / "root").read_bytes()
    code, _, error = call("root", "create", "--out", tmp_path / "root", passphrase="long enough")
    assert (code, "already a file" in error) == (2, True)
    assert (tmp_path / "root").read_bytes() == before


def test_no_passphrase_and_no_seed_is_ever_printed(call: Call, tmp_path: Path) -> None:
    code, out, error = call(
        "reviewer", "create", "--label", "x", "--out", tmp_path / "k", passphrase="geheim-123"
    )
    assert code == 0
    seed = private_keys.read_private_key(tmp_path / "k", "geheim-123").seed
    for said in (out, error):
        assert "geheim-123" not in said
        assert seed.hex() not in said.replace(" ", "")


def test_a_passphrase_as_short_as_no_login_may_have_makes_no_key(
    call: Call, tmp_path: Path
) -> None:
    code, _, error = call("root", "create", "--out", tmp_path / "root", passphrase="short")
    assert code == 2
    assert "at least 10 characters" in error
    assert not list(tmp_path.iterdir())
