"""`hallvakt doctor` on a real box, whole and broken in ways that happen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.crypto.recipients import install_recipients
from appliance.core.checkup import CheckStatus
from appliance.core.errors import IntegrityFailure
from appliance.core.keys import PepperKeeping
from appliance.processes import checkup_parts
from appliance.rehearsal.free_ports import free_port
from tests.support.box import RealBox

_OF_THE_MACHINE = {"disk", "disk writes", "disk health", "memory", "clock", "network"}
_OF_THE_BOX = {
    "files", "ports",
    "uplink", "addresses", "names", "certificate", "relay", "relay loopback", "keys", "pepper",
    "database engine", "databases", "versions", "models", "microphone", "backlog", "cloud",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RealBox:
    box = RealBox(state=tmp_path_factory.mktemp("doctor") / "box", port=free_port())
    box.make()
    return box


def _doctor(state: Path, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "doctor", "--json", "--state", str(state)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.stderr == ""
    checks = json.loads(done.stdout)["checks"]  # one document and nothing else
    return done.returncode, {check["name"]: check for check in checks}


def _failed(checks: dict[str, dict[str, Any]]) -> set[str]:
    """What failed of the box itself; the machine that runs the tests may be what it is."""
    return {n for n, c in checks.items() if c["status"] == "fail"} - _OF_THE_MACHINE


def test_a_box_that_was_made_well_has_nothing_that_fails(made: RealBox) -> None:
    _, checks = _doctor(made.state)
    assert _failed(checks) == set()
    assert set(checks) == _OF_THE_MACHINE | _OF_THE_BOX
    assert "went through the relay" in checks["relay loopback"]["detail"]
    for check in checks.values():
        assert bool(check["advice"]) == (check["status"] != "ok"), check


def test_it_leaves_the_box_as_it_was(made: RealBox) -> None:
    before = sorted(str(path) for path in made.state.rglob("*"))
    _doctor(made.state)
    assert sorted(str(path) for path in made.state.rglob("*")) == before


def test_what_is_broken_is_named(made: RealBox, tmp_path: Path) -> None:
    state = tmp_path / "box"
    subprocess.run(["cp", "-a", str(made.state), str(state)], check=True)
    (state / "tls" / "box.pem").write_text("not a certificate")
    (state / "keys" / "recipients.json").unlink()
    damaged = state / "db" / "audit.db"
    page = bytearray(damaged.read_bytes())
    page[4096:8192] = os.urandom(4096)
    damaged.write_bytes(page)
    (tmp_path / "models").mkdir()
    code, checks = _doctor(state, HALLVAKT_MODELS=str(tmp_path / "models"))
    assert code == 5
    assert _failed(checks) == {"certificate", "keys", "database", "models"}
    assert "box.pem" in checks["certificate"]["detail"]
    assert "audit.db" in checks["database"]["detail"]
    assert "models install" in checks["models"]["advice"]


def test_a_damaged_list_of_recipients_is_told_from_none_and_can_be_installed_again(
    made: RealBox, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(made.state / "keys", keys)
    listed = keys / "recipients.json"
    good = listed.read_bytes()
    listed.write_bytes(good[: len(good) // 2])
    found = checkup_parts.keys_checks(tmp_path, PepperKeeping.TPM)[0]
    assert (found.status, "is damaged" in found.detail) == (CheckStatus.FAIL, True)
    assert "recipients.json away" in found.advice
    with pytest.raises(IntegrityFailure, match=r"The list that this box has.*move it away"):
        install_recipients(keys, good)
    listed.unlink()
    install_recipients(keys, good)
    assert checkup_parts.keys_checks(tmp_path, PepperKeeping.TPM)[0].status is CheckStatus.OK


def test_a_relay_that_is_not_an_address_of_this_machine_is_found(
    made: RealBox, tmp_path: Path
) -> None:
    state = tmp_path / "box"
    subprocess.run(["cp", "-a", str(made.state), str(state)], check=True)
    text = (state / "box.toml").read_text()
    (state / "box.toml").write_text(text.replace("127.77.0.1", "198.18.77.1"))
    _, checks = _doctor(state)
    assert checks["relay loopback"]["status"] == "fail"
    assert "198.18.77.1" in checks["relay loopback"]["advice"]


def test_without_a_box_it_says_where_to_look(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "doctor", "--state", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 3
    assert "hallvakt init" in done.stderr
