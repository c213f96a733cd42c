"""What a person does to a box that its five users share: all as the gateway's user, also with what
another of them made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.config.box import load
from appliance.rehearsal.free_ports import free_port
from tests.support.apart import GATEWAY, NUMBERS, bring_over, of_one_user, somewhere, typed
from tests.support.box import RealBox

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


# One of each way to reach a box: its configuration, a file, a database, its door.
_LOOKING = (("doctor",), ("keys", "recipients", "show"), ("audit", "verify"), ("metrics",))


def _typed(user: str, state: Path, *words: str) -> str:
    done = typed(user, (*words, "--state", state))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_repaired_and_put_back_to_nothing() -> None:
    with somewhere() as directory:
        box = RealBox(directory / "box", free_port())
        box.make()
        of_one_user(box.state)
        assert bring_over(box.state).returncode == 0
        _typed("janitor", box.state, "janitor")
        _who_may_look(box.state)
        assert (box.state / "snapshots" / "night").stat().st_uid == NUMBERS["janitor"]
        damaged = box.state / "db" / "box.db"
        with damaged.open("r+b") as file:
            file.seek(3 * 4096)
            file.write(b"\xa5" * 4096)
        assert "box.db was damaged" in _typed(GATEWAY, box.state, "repair")
        _typed("janitor", box.state, "janitor")  # the mended one is its to write too
        _typed(GATEWAY, box.state, "factory-reset", "--confirm", load(box.state).name)
        assert list(box.state.iterdir()) == []


def _who_may_look(state: Path) -> None:
    """Root, who leaves nothing of its own there; nobody else, who is told what to type."""
    shown = (("sync", "status"), ("certificate", "show"), *_LOOKING[1:-1])
    assert (
        "Permission" not in typed("root", *((*words, "--state", state) for words in shown)).stderr
    )
    assert [path for path in state.rglob("*") if path.lstat().st_uid == 0] == []
    told = typed("stranger", *((*words, "--state", state) for words in _LOOKING)).stderr
    for line, words in zip(told.splitlines(), _LOOKING, strict=True):
        assert "and only that user may do this. As root: runuser -u" in line
        assert line.endswith(f"hallvakt {' '.join(words)} --state {state}")
