"""What the installer would do, and single steps of it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.integration.install.scripts import SCRIPTS, bash
from tests.machine.apart import JOBS
from tests.support.box import ROOT


def test_a_dry_run_says_every_step_and_does_none(tmp_path: Path) -> None:
    done = bash(str(SCRIPTS / "install.sh"), "--dry-run", HALLVAKT_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr
    steps = ("1. Debian packages", "2. Users that", "3. Version", "4. This version", "5. Units")
    for step in steps:
        assert step in done.stdout
    assert "would run: python3 -m venv" in done.stdout
    assert "Debian's own coturn.service is stopped" in done.stdout
    assert "nobody can log in as, one for each process" in done.stdout
    for user in ("hallvakt", *(f"hallvakt-{name}" for name in ("relay", *JOBS))):
        assert f"  {user}: there" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["install.sh", "update.sh"])
def test_two_at_once_would_undo_each_other(tmp_path: Path, script: str) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = bash(str(SCRIPTS / script), "--bundle", "none", HALLVAKT_ROOT=str(tmp_path))
    finally:
        os.close(held)
    assert done.returncode == 4
    assert "Another install or update of Hallvakt is at work" in done.stderr
    assert list(tmp_path.iterdir()) == []
    done = bash(str(SCRIPTS / script), "--bundle", "none", HALLVAKT_ROOT=str(tmp_path))
    assert "at work" not in done.stderr


def test_what_the_box_s_start_asks_for_leaves_an_update_that_is_at_work_alone(
    tmp_path: Path,
) -> None:
    """An update starts the box, and with it the unit that ends one that was cut off."""
    notify = tmp_path / "programs" / "systemd-notify"
    notify.parent.mkdir()
    notify.write_text('#!/bin/sh\necho "$@"\n')
    notify.chmod(0o755)
    root = tmp_path / "root"
    root.mkdir()
    held = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = bash(
            str(SCRIPTS / "update.sh"),
            "--finish",
            HALLVAKT_ROOT=str(root),
            NOTIFY_SOCKET="@nobody",
            PATH=f"{notify.parent}:{os.environ['PATH']}",
        )
    finally:
        os.close(held)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "--ready --status=An update is at work\n"


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


_NOW = "/proc/sys/net/ipv4/ip_unprivileged_port_start"  # each network namespace has its own


def _in_a_kernel(tmp_path: Path, *steps: str, before: int = 1024) -> list[str]:
    """What box.sh says and does in a network of its own, where the first port was `before`."""
    lines = (
        f"echo {before} >{_NOW}",
        f". {SCRIPTS}/box.sh",
        f"hv_ports={tmp_path}/60.conf",
        *steps,
    )
    done = bash("-c", f"unshare --net bash -c '{'; '.join(lines)}' 2>&1", HALLVAKT_ROOT="")
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a kernel's setting of its own")
def test_ports_below_1024_are_opened_in_the_kernel_that_runs_and_given_back(tmp_path: Path) -> None:
    show, file = f"cat {_NOW}", f"cat {tmp_path}/60.conf"
    steps = ("hv_open_ports", show, "hv_open_ports", show, file, "hv_close_ports", show)
    said = _in_a_kernel(tmp_path, *steps, before=1000)
    setting = ["# before Hallvakt: 1000", "net.ipv4.ip_unprivileged_port_start = 80"]
    assert said == ["80", "80", *setting, "1000"]
    assert not (tmp_path / "60.conf").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a kernel's setting of its own")
def test_ports_that_somebody_opened_before_stay_open(tmp_path: Path) -> None:
    steps = ("hv_open_ports", f"cat {_NOW}", "hv_close_ports", f"cat {_NOW}")
    assert _in_a_kernel(tmp_path, *steps, before=0) == ["0", "0"]
    # Installed by a version that noted nothing: it is not guessed.
    (tmp_path / "60.conf").write_text("net.ipv4.ip_unprivileged_port_start = 80\n")
    left, now = _in_a_kernel(tmp_path, *steps[2:], before=80)
    assert "left as it is until the machine starts again" in left
    assert now == "80"


def test_a_kernel_that_keeps_its_ports_is_said(tmp_path: Path) -> None:
    script = f". {SCRIPTS}/box.sh; hv_first_port_now={tmp_path}; hv_first_port_is 80"
    done = bash("-c", script, HALLVAKT_ROOT="")
    assert done.returncode == 0, done.stderr
    assert "could not be set to 80 (the line above says why): restart the machine" in done.stdout
    assert "Is a directory" in done.stderr
