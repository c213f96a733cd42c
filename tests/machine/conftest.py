"""One machine for all tests here: made, installed and used in the order of the tests.

`HALLVAKT_BUNDLE` names a bundle whose packages are taken; without it one is built, which needs the
network and some minutes. With it `HALLVAKT_BEFORE` may be the tree of an older version, which is
installed first: of use then are the tests of installing, of an exam and of updates.
`HALLVAKT_SUITE` is the Debian, bookworm unless it says otherwise; `HALLVAKT_DEBIAN` a root made
before, which is copied.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import debian
from tests.machine.booted import Machine
from tests.machine.bundles import Bundles
from tests.machine.hall import Hall
from tests.machine.lan import Lan
from tests.machine.networks import Networks
from tests.support.whole_machines import before, bundles_in, work_for

_NEEDS = {  # program: Debian's package
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "dnsmasq": "dnsmasq-base",
    "sysctl": "procps",
}


@pytest.fixture(scope="session")
def work() -> Iterator[Path]:
    with work_for("machine", _NEEDS) as directory:
        yield directory


@pytest.fixture(scope="session")
def bundles(work: Path) -> Bundles:
    return bundles_in(work)


@pytest.fixture(scope="session")
def networks() -> Iterator[Networks]:
    networks = Networks()
    try:
        networks.make()
        yield networks
    finally:
        networks.remove()


@pytest.fixture(scope="session")
def machine(work: Path, networks: Networks, bundles: Bundles) -> Iterator[Machine]:
    """Debian is up; the box is not installed yet."""
    root = work / "root"
    made_before = os.environ.get("HALLVAKT_DEBIAN")
    suite = os.environ.get("HALLVAKT_SUITE", "bookworm")
    debian.make(root, suite, Path(made_before) if made_before else None)
    debian.put_source(root, before())
    debian.configure_cards(root)
    for name, file in (("box.bundle", bundles.first), ("release.pub", bundles.public)):
        shutil.copy(file, root / "hallvakt" / name)
    machine = Machine(root, networks)
    try:
        machine.boot()
        yield machine
    finally:
        machine.off()


@pytest.fixture(scope="session")
def lan(networks: Networks) -> Iterator[Lan]:
    lan = Lan(networks.lan)
    yield lan
    lan.close()


@pytest.fixture(scope="session")
def hall(machine: Machine, lan: Lan) -> Hall:
    return Hall(machine, lan)


@pytest.fixture(autouse=True)
def only_loopback() -> None:
    """In place of the suite's own: only `Lan` opens sockets, and its network leads nowhere."""
