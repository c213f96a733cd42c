"""What a person does to a box that its five users share: all as the gateway's user, also with what
another of them made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.config.box import load
from appliance.rehearsal.free_ports import free_port
from tests.support.apart import GATEWAY, NUMBERS, become, bring_over, of_one_user, somewhere
from tests.support.box import ROOT, RealBox, clean_environment

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


def _typed(user: str, state: Path, *words: str) -> str:
    done = subprocess.run(
        [*become(user), sys.executable, "-m", "appliance.cli.main", *words, "--state", str(state)],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_repaired_and_put_back_to_nothing() -> None:
    with somewhere() as directory:
        box = RealBox(directory / "box", free_port())
        box.make()
        of_one_user(box.state)
        assert bring_over(box.state).returncode == 0
        _typed("janitor", box.state, "janitor")
        assert (box.state / "snapshots" / "night").stat().st_uid == NUMBERS["janitor"]
        damaged = box.state / "db" / "box.db"
        with damaged.open("r+b") as file:
            file.seek(3 * 4096)
            file.write(b"\xa5" * 4096)
        assert "box.db was damaged" in _typed(GATEWAY, box.state, "repair")
        _typed("janitor", box.state, "janitor")  # the mended one is its to write too
        _typed(GATEWAY, box.state, "factory-reset", "--confirm", load(box.state).name)
        assert list(box.state.iterdir()) == []
