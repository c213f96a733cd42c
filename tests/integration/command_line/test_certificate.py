"""`hallvakt certificate renew` and `check`, the second as its timer runs it: under the rules of its
unit, with the files that systemd hands it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.adapters.host import tls
from appliance.config.box import load
from appliance.rehearsal.free_ports import free_port
from tests.support.box import ROOT, RealBox, clean_environment
from tests.support.unit_sandbox import words

UNIT = ROOT / "systemd" / "hallvakt-certificate.service"
pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or os.geteuid() != 0,
    reason="needs systemd-analyze for the sets of system calls, and root for its rules",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RealBox:
    box = RealBox(tmp_path_factory.mktemp("certificate") / "box", free_port())
    box.make(recipients=False)
    return box


def _renew(state: Path) -> subprocess.CompletedProcess[str]:
    return _run(("certificate", "renew", "--json", "--state", str(state)))


def _check(state: Path, handed: Path) -> subprocess.CompletedProcess[str]:
    """`handed`: for what systemd makes of LoadCredential= and SetCredential= (systemd.exec(5))."""
    handed.mkdir()
    defaults = dict(line[0].split(":") for line in words(UNIT, "SetCredential"))
    for name, path in (line[0].split(":") for line in words(UNIT, "LoadCredential")):
        file = state / Path(path).relative_to("/var/lib/hallvakt")
        if file.exists():
            shutil.copyfile(file, handed / name)
        else:
            (handed / name).write_text(defaults[name])
    ((_, *command),) = words(UNIT, "ExecStart")
    return _run([*(str(handed) if word == "%d" else word for word in command), "--json"])


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "tests.support.unit_sandbox", str(UNIT)),
            *(sys.executable, "-m", "appliance.cli.main", *command),
        ],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


def _made_long_ago(directory: Path, days: int) -> None:
    """A pair of the box's own whose certificate was made `days` ago."""
    then = datetime.now(UTC) - timedelta(days=days)
    for name in ("box.pem", "box.key", "ca.pem", "ca.key"):
        (directory / name).unlink()
    names = load(directory.parent).web.names
    tls.make_authority(directory, "Test", names, then)
    tls.ensure_certificate(directory, names, then)


def test_the_box_s_own_is_renewed_before_it_ends_and_left_alone_otherwise(made: RealBox) -> None:
    done = _renew(made.state)
    assert (done.returncode, json.loads(done.stdout)["renewed"]) == (0, False), done.stderr
    _made_long_ago(made.state / "tls", 380)  # of 397 days
    done = _renew(made.state)
    assert (done.returncode, json.loads(done.stdout)["renewed"]) == (0, True), done.stderr
    ends = datetime.fromisoformat(json.loads(done.stdout)["ends_at"])
    assert ends > datetime.now(UTC) + timedelta(days=300)


def test_one_that_the_school_renews_is_warned_of_thirty_days_ahead(
    made: RealBox, tmp_path: Path
) -> None:
    state = tmp_path / "box"
    shutil.copytree(made.state, state, symlinks=True)
    _made_long_ago(tmp_path / "box" / "tls", 375)
    for name, public in (("box.pem", "public.pem"), ("box.key", "public.key")):
        (state / "tls" / name).rename(state / "tls" / public)
    done = _renew(state)
    assert (done.returncode, json.loads(done.stdout)["renewed"]) == (5, False)
    assert "22 days left" in done.stderr or "21 days left" in done.stderr
    assert "Renew it" in done.stderr
    shown = json.loads(_run(("certificate", "show", "--json", "--state", str(state))).stdout)
    assert f"{shown['days_left']} days left" in done.stderr
    watched = _check(state, tmp_path / "handed")
    assert (watched.returncode, watched.stderr) == (5, done.stderr)


def test_the_timer_has_no_key_and_says_nothing_of_one_that_the_box_renews(
    made: RealBox, tmp_path: Path
) -> None:
    done = _check(made.state, tmp_path / "handed")
    assert done.returncode == 0, done.stderr
    handed = {file.name for file in (tmp_path / "handed").iterdir()}
    assert handed == {"box.toml", "ca.pem", "box.pem", "public.pem"}
    _made_long_ago(made.state / "tls", 375)
    done = _check(made.state, tmp_path / "later")
    assert done.returncode == 0, done.stderr
