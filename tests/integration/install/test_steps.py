"""What the installer would do, and single steps of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.integration.install.scripts import SCRIPTS, bash
from tests.support.box import ROOT


def test_a_dry_run_says_every_step_and_does_none(tmp_path: Path) -> None:
    done = bash(str(SCRIPTS / "install.sh"), "--dry-run", HALLVAKT_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr
    for step in ("1. Debian packages", "2. Two users", "3. Version", "4. This version", "5. Units"):
        assert step in done.stdout
    assert "would run: python3 -m venv" in done.stdout
    assert "Debian's own coturn.service is stopped" in done.stdout
    assert "nobody can log in as: hallvakt, and hallvakt-relay" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_box_gets_what_it_imports_and_nothing_of_the_tests() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "box_requirements.py")], capture_output=True, text=True
    )
    names = {line.split("==")[0] for line in done.stdout.splitlines() if line[:1].isalnum()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {line.split(">")[0].lower().replace("_", "-") for line in project["dependencies"]}
    assert direct <= names
    assert names & {"pytest", "moto", "playwright", "secantusdb", "mypy"} == set()
    assert done.stdout.count("--hash=sha256:") > len(names)


@pytest.mark.parametrize(("code", "said"), [(0, ""), (1, "restart the machine")])
def test_a_kernel_that_keeps_its_ports_is_said(tmp_path: Path, code: int, said: str) -> None:
    sysctl = tmp_path / "sysctl"
    sysctl.write_text(f'#!/bin/sh\necho "$@" >>"$0.asked"\nexit {code}\n')
    sysctl.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = bash("-c", f". {SCRIPTS}/box.sh; hv_first_port_is 80", PATH=path, HALLVAKT_ROOT="")
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert bool(done.stdout) is bool(said)
    asked = (tmp_path / "sysctl.asked").read_text()
    assert asked == "-q -w net.ipv4.ip_unprivileged_port_start=80\n"
