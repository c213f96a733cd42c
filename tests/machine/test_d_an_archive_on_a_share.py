"""The archive lies on a share of the school's; the box burns, and comes back from its backup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.apart import JOBS, check_apart
from tests.machine.booted import Machine
from tests.machine.hall import STATE, Hall
from tests.machine.lan import Lan
from tests.machine.networks import Networks
from tests.machine.records import URI, records
from tests.machine.test_a_box_under_systemd import failed
from tests.support.box import SETTINGS

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1800)]

AS_IT = ("runuser", "-u", "hallvakt", "--", "hallvakt")
ARCHIVE, SETUP = "/srv/archive", "/srv/setup"
CLOUD = f"""
[cloud]
objects = "directory"
directory = "{ARCHIVE}"
records_uri_file = "{STATE}/keys/records.uri"
"""
ALWAYS = """
[[night.window]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "00:00"
to = "00:00"
"""
WHOLE = r"of [1-3] exams? came back whole"
# The drill's unit, as by hand: by its timer there is one a night.
NOW = f"""[Service]
ExecStart=
ExecStart=/opt/hallvakt/current/.venv/bin/hallvakt backup drill --state {STATE}
"""


@pytest.fixture(scope="module", autouse=True)
def database(machine: Machine, networks: Networks, work: Path) -> Iterator[None]:
    """And no round but those of the tests."""
    drop_in = machine.seen("/etc/systemd/system/hallvakt-drill.service.d")
    drop_in.mkdir()
    (drop_in / "now.conf").write_text(NOW)
    timers = [f"hallvakt-{name}.timer" for name in ("syncer", "drill", "janitor")]
    machine.run("systemctl", "stop", *timers)
    machine.run("systemctl", "daemon-reload")
    with records(networks, work / "records"):
        yield
    (drop_in / "now.conf").unlink()
    drop_in.rmdir()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", *timers)


def _round(machine: Machine, job: str, said: str = "") -> None:
    """One of that unit, which ends well, or says that."""
    unit = f"hallvakt-{job}.service"
    machine.run("systemctl", "start", unit, accept=(1,) if said else (0,))
    journal = " ".join(machine.journal(unit, 12).split())
    assert said in journal, journal


def _doctor(machine: Machine) -> str:
    """What it finds of the cloud."""
    found = json.loads(machine.run("hallvakt", "doctor", "--json", accept=(0, 5)).stdout)
    return next(
        f"{one['status']} {one['detail']} {one['advice']}"
        for one in found["checks"]
        if one["name"] == "cloud"
    )


def test_the_night_writes_to_a_share_and_the_drill_reads_it_back(
    machine: Machine, lan: Lan
) -> None:
    hall = Hall(machine, lan)
    hall.begin(SETTINGS.replace("minutes = 60", "minutes = 60\nlate_upload_minutes = 0"))
    hall.record()
    hall.move("closed")
    box, uri = machine.seen(f"{STATE}/box.toml"), machine.seen(f"{STATE}/keys/records.uri")
    box.write_text(
        re.sub(r"(?ms)^\[\[night\.window\]\].*?(?=^\[|\Z)", "", box.read_text()) + ALWAYS
    )
    uri.write_text(f"{URI}\n")
    machine.run("chown", "hallvakt:", f"{STATE}/keys/records.uri")
    machine.seen(f"{SETUP}/cloud.toml").write_text(CLOUD)
    machine.run("mkdir", ARCHIVE, "/run/share")
    machine.run("mount", "-t", "tmpfs", "-o", "mode=0755", "share", "/run/share")
    configure = (*AS_IT, "sync", "configure", f"{SETUP}/cloud.toml")
    # Not mounted; then not the night's; then as it was told.
    assert f"Nothing is mounted at {ARCHIVE}" in machine.run(*configure, accept=(5,)).stderr
    machine.run("mount", "--bind", "/run/share", ARCHIVE)
    told = machine.run(*configure, accept=(4,)).stderr
    fitting = f"chgrp hallvakt-data {ARCHIVE} && chmod 2770 {ARCHIVE}"
    assert f"`{fitting}`" in told
    machine.run("sh", "-c", fitting)
    assert "An object was written and read back" in machine.says(*configure)
    machine.run("systemctl", "restart", "hallvakt.target")
    machine.until("hallvakt", "metrics")
    assert _doctor(machine).startswith("ok objects in on site")
    # Each that may go wrong later is said by the night and by the doctor.
    machine.run("sh", "-c", f"chgrp root {ARCHIVE} && chmod 700 {ARCHIVE}")
    _round(machine, "syncer", f"The directory {ARCHIVE} cannot be read (Permission denied)")
    assert fitting in _doctor(machine)
    machine.run("sh", "-c", fitting)
    machine.run("mount", "-o", "remount,bind,ro", ARCHIVE)
    _round(machine, "syncer", f"{ARCHIVE} is read-only")
    assert _doctor(machine).startswith(f"fail {ARCHIVE} is mounted read-only")
    machine.run("mount", "-o", "remount,bind,rw", ARCHIVE)
    _round(machine, "syncer")
    packs = machine.says("stat", "-c", "%U:%G %a", *_files(machine)).splitlines()
    assert set(packs) == {"hallvakt-syncer:hallvakt-data 660"}
    _round(machine, "drill")
    assert re.search(WHOLE, machine.journal("hallvakt-drill.service", 6))
    machine.run("umount", ARCHIVE)
    for job in ("syncer", "drill"):
        _round(machine, job, f"Nothing is mounted at {ARCHIVE}")
    assert f"Nothing is mounted at {ARCHIVE}" in _doctor(machine)
    assert machine.says("ls", ARCHIVE) == ""
    machine.run("mount", "--bind", "/run/share", ARCHIVE)
    for job in JOBS:
        _round(machine, job)
    machine.run("systemctl", "reset-failed")


def _files(machine: Machine) -> list[str]:
    found = machine.says("find", ARCHIVE, "-type", "f").splitlines()
    assert found
    return found


def test_a_box_that_burnt_comes_back_from_its_backup(machine: Machine) -> None:
    verify = (*AS_IT, "sync", "verify", "--json")
    verified = json.loads(machine.says(*verify))
    assert verified["exams"]
    create = (*AS_IT, "backup", "create", "--out", f"{SETUP}/box.backup")
    machine.run(*create)
    machine.run("systemctl", "stop", "hallvakt.target")
    machine.run("sh", "-c", f"systemctl stop 'hallvakt-*'; mv {STATE} {STATE}.burnt")
    shares = sorted(file.name for file in machine.seen(f"{SETUP}/stick/recovery").glob("*share*"))
    given = [f"--share={SETUP}/stick/recovery/{name}" for name in shares[1:4]]
    restore = ("hallvakt", "backup", "restore", f"{SETUP}/box.backup", *given)
    # Whoever types it is told, step by step, what to type.
    told = machine.run(*restore, accept=(4,)).stderr
    made = f"install -d -m 2750 -o hallvakt -g hallvakt-data {STATE}"
    assert made in told
    machine.run("sh", "-c", made)
    assert (
        f"runuser -u hallvakt -- {' '.join(restore)}" in machine.run(*restore, accept=(4,)).stderr
    )
    stranger = machine.run("runuser", "-u", "nobody", "--", *restore, accept=(4,)).stderr
    assert f"As root: runuser -u hallvakt -- {' '.join(restore)}" in stranger
    said = machine.says("runuser", "-u", "hallvakt", "--", *restore)
    assert "The cloud was not asked" not in said
    machine.run("systemctl", "start", "hallvakt.target")
    machine.until("hallvakt", "metrics")
    check_apart(machine)
    assert re.search(WHOLE, machine.journal("hallvakt-drill.service", 6))
    assert json.loads(machine.says(*verify)) == verified
    assert machine.says("find", STATE, "-user", "root") == ""
    machine.run("rm", "-r", f"{STATE}.burnt")
    assert failed(machine) == ""
