"""One installed box for all tests here, and machines that begin as copies of its disk.

`HALLVAKT_BUNDLE`, `HALLVAKT_SUITE`, `HALLVAKT_DEBIAN` as in tests/machine (the last may have the
kernel already). `HALLVAKT_KEEP` names a directory where the disk with the box is left for the next
run, which takes it up as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.machine.bundles import Bundles
from tests.machine.hall import Hall
from tests.machine.lan import Lan
from tests.support.whole_machines import bundles_in, work_for
from tests.virtual import image
from tests.virtual.cables import Cables, Card
from tests.virtual.disk import Disk
from tests.virtual.tpm import Tpm
from tests.virtual.virtual import Kernel, Virtual

_NEEDS = {  # program or file: Debian's package
    "qemu-system-x86_64": "qemu-system-x86",
    "/usr/share/OVMF/OVMF_CODE.fd": "ovmf",
    "nbdkit": "nbdkit",
    "swtpm": "swtpm",
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "sysctl": "procps",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
}
Machines = Callable[..., Virtual]


@pytest.fixture(scope="session")
def work() -> Iterator[Path]:
    with work_for("virtual", _NEEDS) as directory:
        yield directory


@pytest.fixture(scope="session")
def bundles(work: Path) -> Bundles:
    return bundles_in(work)


@pytest.fixture(scope="session")
def installed(work: Path, request: pytest.FixtureRequest) -> tuple[Disk, Kernel]:
    """A disk with a box that is fit for an exam, made where there is no TPM; switched off."""
    keep = os.environ.get("HALLVAKT_KEEP")
    directory = Path(keep) if keep else work
    directory.mkdir(exist_ok=True)
    disk, kernel = Disk(directory / "box.img"), Kernel(directory / "vmlinuz", directory / "initrd")
    if not disk.image.exists():
        root, making = work / "root", work / "making.img"
        before = os.environ.get("HALLVAKT_DEBIAN")
        suite = os.environ.get("HALLVAKT_SUITE", "bookworm")
        bundles = request.getfixturevalue("bundles")
        made = image.make(root, making, suite, Path(before) if before else None, bundles)
        shutil.copy(made.image, kernel.image)
        shutil.copy(made.initial, kernel.initial)
        shutil.move(making, disk.image)
    return disk, kernel


@pytest.fixture(scope="session")
def cables(installed: tuple[Disk, Kernel]) -> Iterator[Cables]:
    cables = Cables()  # the container that `installed` was made in is gone, and its cables
    try:
        cables.make()
        yield cables
    finally:
        cables.remove()


@pytest.fixture(scope="module")
def machines(
    installed: tuple[Disk, Kernel], cables: Cables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machines]:
    """`machines(disk=None, tpm=None, cards=None)`: switched off, on that disk or a copy of the
    box's, with those cards at each start or the box's two."""
    disk, kernel = installed
    made: list[Virtual] = []

    def make(
        disk_of: Disk | None = None,
        tpm: Tpm | None = None,
        cards: Callable[[], Sequence[Card]] | None = None,
    ) -> Virtual:
        own = disk_of or disk.copy(tmp_path_factory.mktemp("disk") / "box.img")
        made.append(Virtual(own, kernel, cards or cables.cards, tpm=tpm))
        return made[-1]

    yield make
    for machine in made:
        machine.discard()
    for machine in made:
        machine.disk.image.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def box(
    installed: tuple[Disk, Kernel], cables: Cables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Virtual]:
    """A machine for tests that leave it as it was: it runs, and no exam is live. Their files come
    last, so that no other machine runs beside it."""
    disk, kernel = installed
    own = disk.copy(tmp_path_factory.mktemp("box") / "box.img")
    machine = Virtual(own, kernel, cables.cards)
    try:
        machine.boot()
        machine.until("hallvakt", "metrics")
        yield machine
    finally:
        machine.discard()
        own.image.unlink()


@pytest.fixture(scope="session")
def lan(cables: Cables) -> Iterator[Lan]:
    lan = Lan(cables.lan)
    yield lan
    lan.close()


@pytest.fixture
def new_hall(lan: Lan) -> Callable[[Virtual], Hall]:
    return lambda machine: Hall(machine, lan)


@pytest.fixture(autouse=True)
def only_loopback() -> None:
    """In place of the suite's own: only `Lan` opens sockets, and its network leads nowhere."""
