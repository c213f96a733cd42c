"""A night, the drill and the janitor after it, as systemd would run them: the words of their units,
under the rules of their units, each as a user of its own, by keys that are credentials. (That
systemd itself starts them is tested in tests/machine.)"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.config.box import CloudConfig
from appliance.processes.fleet import fleet
from appliance.processes.record_preparation import prepare_records
from appliance.rehearsal.free_ports import free_port
from tests.support.activated_relays import with_ours_in_sight
from tests.support.apart import (
    DATA,
    GATEWAY,
    NUMBERS,
    as_user,
    become,
    bring_over,
    of_one_user,
    somewhere,
)
from tests.support.box import ROOT, RealBox, clean_environment
from tests.support.closed_exam import closed_exam
from tests.support.handed_credentials import handed, seal
from tests.support.unit_sandbox import words
from tests.support.unit_view import seen_by

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or os.geteuid() != 0,
    reason="needs systemd-analyze for the sets of system calls, and root to give up capabilities",
)

INSTALLED = {
    "/opt/hallvakt/current/.venv/bin/hallvakt": (sys.executable, "-m", "appliance.cli.main")
}


def _run(name: str, state: Path, store: Path) -> str:
    """What the unit's one command says; here the box is in `state`, credentials in `store`."""
    unit = ROOT / "systemd" / f"hallvakt-{name}.service"
    ((program, *rest),) = words(unit, "ExecStart")
    loaded = [credential for (credential,) in words(unit, "LoadCredentialEncrypted")]
    given = handed(store, loaded, store.with_name(f"{name}.handed"))
    assert rest[-2:] == ["--state", "/var/lib/hallvakt"]
    command = [*INSTALLED[program.removeprefix("-")], *rest[:-1], str(state)]
    for path in (store.with_name(f"{name}.handed"), *store.with_name(f"{name}.handed").iterdir()):
        os.chown(path, NUMBERS[name], DATA)
    done = subprocess.run(
        [
            *with_ours_in_sight(),
            *seen_by(unit, state),
            *as_user(name),
            *(sys.executable, "-m", "tests.support.unit_sandbox", str(unit), *command),
        ],
        cwd=ROOT,
        env=clean_environment() | given,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["drill", "fleet"])
def test_who_only_reads_the_databases_sees_no_recording_and_changes_nothing_else(
    name: str, tmp_path: Path
) -> None:
    """Tried in their places: what they need is in the test after this one."""
    box = RealBox(tmp_path / "box", free_port())
    box.make()
    state, unit = box.state, ROOT / "systemd" / f"hallvakt-{name}.service"
    kept = ("blobs", "erased", "snapshots", "live", "keys", "tls", "db")
    for directory in kept:
        (state / directory).mkdir(exist_ok=True)
        (state / directory / "one").write_text("kept")
    tried = (
        "for d in " + " ".join(kept) + "; do"
        " (cat $d/one) >/dev/null 2>&1 && echo reads $d;"
        " (echo x >$d/one) 2>/dev/null && echo writes $d;"
        " done; cat keys/box_signing.pem tls/box.key"
    )
    done = subprocess.run(
        [
            *seen_by(unit, state),
            *(sys.executable, "-m", "tests.support.unit_sandbox", str(unit)),
            *("sh", "-c", f"cd {state}; {tried}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    reads = [f"reads {name}" for name in ("erased", "keys", "tls", "db")]
    assert done.stdout.splitlines() == [*reads, "writes db"]
    assert done.stderr.count("Permission denied") == 2


@pytest.fixture
def apart() -> Iterator[Path]:
    with somewhere() as directory:
        yield directory / "box"


async def test_a_night_and_a_drill_run_under_the_rules_of_their_units_each_as_a_user_of_its_own(
    apart: Path, cloud_config: CloudConfig
) -> None:
    state = apart
    await prepare_records(cloud_config)
    box = RealBox(state, free_port())
    await asyncio.to_thread(box.make)
    made = await closed_exam(state, cloud_config, candidates=1, snippets=1)
    store, school_s_own = state.with_name("store"), state.with_name("school.uri")
    assert cloud_config.records_uri_file is not None
    await asyncio.to_thread(shutil.copy, cloud_config.records_uri_file, school_s_own)
    sealed = await asyncio.to_thread(seal, state, store)
    assert sealed.returncode == 0, sealed.stderr
    await asyncio.to_thread(of_one_user, state)
    brought = await asyncio.to_thread(bring_over, state)
    assert (brought.returncode, brought.stderr) == (0, "")
    box.gateway_under = tuple(become(GATEWAY))
    await box.start()  # it signs
    try:
        with pytest.raises(AssertionError, match="with_cloud_keys"):  # who is handed none
            await asyncio.to_thread(_run, "syncer", state, store.with_name("none"))
        await asyncio.to_thread(_run, "syncer", state, store)
        said = await asyncio.to_thread(_run, "fleet", state, store)
        assert "is on the fleet's list" in said
        (one,) = await fleet(replace(cloud_config, records_uri_file=school_s_own))
        assert (one.health.box_id, one.health.backlog_bytes) == (made.box_id, 0)
        said = await asyncio.to_thread(_run, "drill", state, store)
        assert "of 1 exam came back whole" in said
        # It deletes what another user stored, and the gateway takes up what it leaves.
        said = await asyncio.to_thread(_run, "janitor", state, store)
        assert re.match(r"[1-9]\d* objects deleted", said), said
        assert (state / "snapshots" / "night").stat().st_uid == NUMBERS["janitor"]
        await box.restart(signal.SIGKILL)
        await box.login()
        for name in ("syncer", "drill", "fleet", "janitor"):
            await asyncio.to_thread(_has_nothing_of, box, name)
            await asyncio.to_thread(_run, name, state, store)
        await box.login()
    finally:
        await box.stop()


def _has_nothing_of(box: RealBox, name: str) -> None:
    """By the rights of files and processes alone, without what its unit hides from it."""
    gateway, state = box.gateway.pid, box.state
    tried = (
        "for f in keys/box_signing.pem tls/ca.key tls/box.key run/gateway.lock; do"
        " test -e $f || echo no $f; cat $f && echo reads $f; done;"
        " ls live && echo looks; for d in . keys tls run live; do"
        " (echo x >$d/made) && echo makes $d; done;"
        f" kill -0 {gateway} && echo signals; cat /proc/{gateway}/environ && echo traces; true"
    )
    done = subprocess.run(
        [*as_user(name), "sh", "-c", tried], cwd=state, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert done.stderr.count("Permission denied") == 11, done.stderr
    assert done.stderr.count("not permitted") == 1
