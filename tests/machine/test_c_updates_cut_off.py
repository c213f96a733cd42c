"""The power is cut in the middle of an update: the next start ends it, beside the box."""

from __future__ import annotations

import subprocess

import pytest

from tests.machine.booted import Machine
from tests.machine.bundles import NEXT_VERSION, Bundles
from tests.machine.hall import Hall
from tests.machine.test_a_box_under_systemd import failed

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1800)]

_OPT = "/opt/hallvakt"
_UPDATE = ("bash", f"{_OPT}/current/firmware_scripts/update.sh")
_UNIT = "hallvakt-update.service"
_BUNDLE = "hallvakt/next.bundle"


def _runs(machine: Machine) -> str:
    return machine.says("readlink", f"{_OPT}/current").removeprefix("versions/")


def _ended(machine: Machine) -> str:
    """What the unit said of this start, once nothing is open any more."""
    machine.until("sh", "-c", f"! test -e {_OPT}/unfinished && ! systemctl is-active {_UNIT}")
    assert machine.shown(_UNIT, "Result") == "success", machine.journal(_UNIT)
    return machine.says("journalctl", "--boot", "--no-pager", f"--unit={_UNIT}")


def _before_the_gateway(machine: Machine) -> bool:
    moments = [
        machine.shown(unit, f"{kind}EnterTimestampMonotonic")
        for unit, kind in ((_UNIT, "Active"), ("hallvakt-gateway.service", "Active"))
    ]
    return int(moments[0]) < int(moments[1])


def test_the_next_start_ends_it(machine: Machine, hall: Hall, bundles: Bundles) -> None:
    installed = _runs(machine)
    bundle = machine.root / _BUNDLE
    if not bundle.exists():
        bundles.next().rename(bundle)
    words = [*machine.words(), *_UPDATE, "--bundle", f"/{_BUNDLE}"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        switched = f"readlink {_OPT}/current | grep -q {NEXT_VERSION}"
        machine.until("sh", "-c", switched, within_s=900)  # packages and models come before
        machine.cut_the_power()
    assert (machine.root / _OPT[1:] / "unfinished").read_text() == f"{installed} {NEXT_VERSION}\n"
    machine.boot()
    said = _ended(machine)
    assert f"when version {installed} gave way to version {NEXT_VERSION}: finishing" in said
    assert f"Version {NEXT_VERSION} runs." in said
    assert _before_the_gateway(machine)
    assert f"finished since: {NEXT_VERSION} runs" in " ".join(
        machine.says("hallvakt", "doctor").split()
    )
    if hall.exam:
        hall.check()
    machine.reboot()  # and that is all: another start has nothing to do
    assert machine.shown(_UNIT, "ConditionResult") == "no"
    assert failed(machine) == ""


def test_it_goes_back_from_a_version_that_does_not_answer(machine: Machine, hall: Hall) -> None:
    """The same moment, and the new version's gateway does not start."""
    before = machine.says("cat", f"{_OPT}/previous")
    gateway = f"{_OPT}/versions/{NEXT_VERSION}/.venv/bin/python"
    machine.run("mv", gateway, f"{gateway}.away")
    (machine.root / _OPT[1:] / "unfinished").write_text(f"{before} {NEXT_VERSION}\n")
    patience = machine.root / "etc/systemd/system" / f"{_UNIT}.d"
    patience.mkdir()
    (patience / "patience.conf").write_text("[Service]\nEnvironment=HALLVAKT_UPDATE_PATIENCE=5\n")
    machine.cut_the_power()
    machine.boot()
    assert f"Version {before} runs again" in _ended(machine)
    assert _runs(machine) == before
    machine.until("hallvakt", "metrics")
    if hall.exam:
        hall.check()
    assert f"finished since: {before} runs" in " ".join(machine.says("hallvakt", "doctor").split())
    machine.says(*_UPDATE, "--finish")  # read
    assert "finished since" not in machine.says("hallvakt", "doctor")
    (patience / "patience.conf").unlink()
    patience.rmdir()
    machine.run("mv", f"{gateway}.away", gateway)
    assert failed(machine) == ""
