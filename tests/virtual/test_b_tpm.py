"""Secrets that a TPM sealed: on the machine that sealed them, and their disk in other machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.machine.hall import STATE
from tests.machine.test_a_box_under_systemd import BUNDLE, INSTALLER
from tests.machine.test_b_what_units_hold import GATEWAY, SCREEN
from tests.virtual.conftest import Machines
from tests.virtual.disk import Disk
from tests.virtual.tpm import Tpm
from tests.virtual.virtual import Virtual

pytestmark = [pytest.mark.virtual, pytest.mark.timeout(3600)]

NIGHT = "hallvakt-syncer.service"
SEALED = "/etc/credstore.encrypted"
PEPPER, CLOUD = f"{SEALED}/hallvakt-pepper", f"{SEALED}/hallvakt-cloud-credentials"
SCRIPTS = "/opt/hallvakt/current/firmware_scripts"
KEY = '{"access_key_id": "exambox", "secret_access_key": "of the school\'s store"}'
CLOUD_OF_BOX = r"(?m)^\[cloud\]\n(?:\w+ = .*\n)*"
_CLOUD = """\
[cloud]
objects = "s3"
endpoint = "https://127.0.0.1:9"
region = "eu-north-1"
bucket = "archive"
credentials_file = "keys/cloud.json"
"""
_REFUSED = "243"  # systemd.exec(5): it could not set up credentials


def status(machine: Virtual, unit: str) -> str:
    return machine.shown(unit, "ExecMainStatus")


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Tpm:
    return Tpm(tmp_path_factory.mktemp("chip") / "its own")


@pytest.fixture(scope="module")
def sealed(machines: Machines, chip: Tpm) -> Iterator[Virtual]:
    """On a machine with a TPM, by the installer as it is run there. What the image has was made
    where there was none."""
    machine = machines(tpm=chip)
    machine.boot()
    machine.run("sh", "-c", f"rm {SEALED}/*")
    machine.run("bash", INSTALLER, *BUNDLE)
    box, places = re.subn(CLOUD_OF_BOX, _CLOUD, machine.says("cat", f"{STATE}/box.toml") + "\n")
    assert places == 1
    owned = {"owner": "hallvakt:hallvakt", "mode": "600"}
    machine.put(f"{STATE}/keys/cloud.json", KEY, **owned)
    machine.put(f"{STATE}/box.toml", box, **owned)
    machine.run(f"{SCRIPTS}/seal_cloud_keys.py")
    machine.run("systemctl", "enable", SCREEN)
    yield machine
    machine.off()


@pytest.fixture(scope="module")
def disk(sealed: Virtual) -> Disk:
    """Taken out of it."""
    sealed.off()
    return sealed.disk


def test_on_the_machine_that_sealed_them_its_units_have_them(sealed: Virtual) -> None:
    sealed.run("systemctl", "restart", GATEWAY)
    sealed.until("hallvakt", "metrics")
    handed = f"/run/credentials/{GATEWAY}/hallvakt-pepper"
    assert sealed.says("stat", "--format=%s %U %a", handed) == "32 hallvakt 400"
    assert KEY not in sealed.says("cat", CLOUD)
    assert sealed.run("ls", f"{STATE}/keys/cloud.json", accept=(2,)).stdout == ""
    read = ("sh", "-c", 'cat "$CREDENTIALS_DIRECTORY/hallvakt-cloud-credentials"')
    assert sealed.says(f"{SCRIPTS}/with_cloud_keys.sh", *read) == KEY
    sealed.attempt("systemctl", "start", NIGHT)  # nobody answers at that store's address
    assert status(sealed, NIGHT) != _REFUSED
    assert sealed.shown(NIGHT, "ExecMainStartTimestamp")


def stands_still(machine: Virtual) -> None:
    """Nothing of the box started, nothing was made in place of what does not open."""
    assert status(machine, GATEWAY) == _REFUSED
    assert machine.shown(GATEWAY, "ActiveState") == "failed"  # and it is not tried for ever
    assert machine.shown(GATEWAY, "NRestarts") == "0"
    for file in (PEPPER, CLOUD):
        name = file.rpartition("/")[2]
        assert machine.attempt("systemd-creds", "decrypt", f"--name={name}", file, "-").returncode
    assert machine.says("ls", SEALED).split() == [CLOUD.rpartition("/")[2], "hallvakt-pepper"]
    assert machine.attempt("systemctl", "start", NIGHT).returncode
    assert status(machine, NIGHT) == _REFUSED


def says_so_on_its_screen(machine: Virtual) -> None:
    shown = machine.screen.shows("Nothing on the disk")
    words = " ".join(shown.split())
    assert "this machine cannot open the secrets sealed on its disk" in words
    assert "Put the disk back into that machine" in words
    assert "`hallvakt doctor` says what to do" in words


def test_in_a_machine_without_a_tpm_the_box_stands_still_and_says_what_to_do(
    machines: Machines, disk: Disk
) -> None:
    machine = machines(disk)
    machine.boot()
    stands_still(machine)
    says_so_on_its_screen(machine)
    done = machine.run("hallvakt", "doctor", "--json", accept=(5,))
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    for name in ("pepper", "cloud"):
        assert checks[name]["status"] == "fail", checks[name]
        assert "cannot open" in checks[name]["detail"]
        assert "put this disk back into that machine" in checks[name]["advice"]
    assert "recovery key" in checks["pepper"]["advice"]
    assert "make_pepper.sh" in checks["pepper"]["advice"]
    assert "seal_cloud_keys.py" in checks["cloud"]["advice"]
    # Who runs what makes secrets is told, and loses none.
    assert machine.run(f"{SCRIPTS}/make_pepper.sh", accept=(4,)).stderr
    machine.off()


def test_so_it_does_with_another_machine_s_tpm(
    machines: Machines, disk: Disk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    machine = machines(disk, tpm=Tpm(tmp_path_factory.mktemp("chip") / "another"))
    machine.boot()
    stands_still(machine)
    says_so_on_its_screen(machine)
    machine.off()


def test_back_in_its_own_machine_it_starts_as_before(
    machines: Machines, disk: Disk, chip: Tpm
) -> None:
    machine = machines(disk, tpm=chip)
    machine.boot()
    machine.until("hallvakt", "metrics")
    machine.screen.shows("Passphrase")
    read = ("sh", "-c", 'cat "$CREDENTIALS_DIRECTORY/hallvakt-cloud-credentials"')
    assert machine.says(f"{SCRIPTS}/with_cloud_keys.sh", *read) == KEY
    machine.off()
