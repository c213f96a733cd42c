"""A night and the drill after it, as systemd would run them: the words of their units, under the
rules of their units. (That systemd itself starts them is tested in tests/machine.)"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.config.box import CloudConfig
from appliance.processes.fleet import fleet
from appliance.processes.record_preparation import prepare_records
from appliance.rehearsal.free_ports import free_port
from tests.support.box import ROOT, RealBox, clean_environment
from tests.support.closed_exam import closed_exam
from tests.support.unit_sandbox import words

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or os.geteuid() != 0,
    reason="needs systemd-analyze for the sets of system calls, and root to give up capabilities",
)

INSTALLED = {
    "/opt/hallvakt/current/.venv/bin/hallvakt": (sys.executable, "-m", "appliance.cli.main")
}


def _run(name: str, key: str, state: Path) -> str:
    """What the one command says that `key` has in the unit; here the box is in `state`."""
    unit = ROOT / "systemd" / f"hallvakt-{name}.service"
    ((program, *rest),) = words(unit, key)
    assert rest[-2:] == ["--state", "/var/lib/hallvakt"]
    command = [*INSTALLED[program.removeprefix("-")], *rest[:-1], str(state)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.unit_sandbox", str(unit), *command],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_night_and_a_drill_run_under_the_rules_of_their_units(
    state: Path, cloud_config: CloudConfig
) -> None:
    await prepare_records(cloud_config)
    box = RealBox(state, free_port())
    await asyncio.to_thread(box.make)
    made = await closed_exam(state, cloud_config, candidates=1, snippets=1)
    await box.start()  # it signs
    try:
        await asyncio.to_thread(_run, "syncer", "ExecStart", state)
        said = await asyncio.to_thread(_run, "syncer", "ExecStopPost", state)
        assert "is on the fleet's list" in said
        (one,) = await fleet(cloud_config)
        assert (one.health.box_id, one.health.backlog_bytes) == (made.box_id, 0)
        said = await asyncio.to_thread(_run, "drill", "ExecStart", state)
        assert "of 1 exam came back whole" in said
    finally:
        await box.stop()
