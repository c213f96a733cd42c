"""The examples for a box's cards are read by the real systemd-networkd, in a network of the test's
own: without a word of complaint, and eth0 has the address that its file gives it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.box import ROOT
from tests.support.network_namespaces import NetworkNamespaces, ip

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")

_EXAMPLES = ROOT / "systemd" / "network"
_READ, _ALL_SEEN = "/etc/systemd/network/", "Enumeration completed"
# Where /sys cannot be written there is no udev to wait for, as in a container (systemd.link(5)).
_NETWORKD = f"""
mount --make-rprivate / && mount -o remount,ro /sys && mount -t tmpfs none /run &&
mkdir -p {_READ} && mount --bind "$0" {_READ} && export SYSTEMD_LOG_TARGET=console &&
SYSTEMD_LOG_LEVEL=debug exec /lib/systemd/systemd-networkd
"""


class _Cards(NetworkNamespaces):
    """eth0 and eth1, each with a link."""

    def __init__(self) -> None:
        super().__init__("cards")

    def connect(self) -> None:
        ip("-n", self.name("cards"), "link", "add", "eth0", "type", "veth", "peer", "eth1")

    def addresses(self, card: str) -> set[str]:
        words = [*self.inside("cards"), "ip", "-json", "address", "show", card]
        (found,) = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
        return {at["local"] for at in found["addr_info"] if at["family"] == "inet"}


@pytest.fixture(scope="module")
def cards() -> Iterator[_Cards]:
    with _Cards() as made:
        yield made


@contextmanager
def _networkd(cards: _Cards, files: Path) -> Iterator[list[str]]:
    """What it said until it had read its files and seen its cards; it goes on meanwhile."""
    words = (*cards.inside("cards"), "unshare", "--mount", "sh", "-c", _NETWORKD, str(files))
    log = files.with_suffix(".log")
    with log.open("w") as file, subprocess.Popen(words, stderr=file) as process:
        try:
            while _ALL_SEEN not in (said := log.read_text()):
                assert process.poll() is None, said
            yield said.splitlines()
        finally:
            process.kill()


def _written(directory: Path, *names: str, instead: tuple[str, str] = ("", "")) -> Path:
    directory.mkdir()
    for name in names:
        (directory / name).write_text((_EXAMPLES / name).read_text().replace(*instead))
    directory.chmod(0o755)
    for above in directory.parents[:3]:  # networkd is a user of its own
        above.chmod(above.stat().st_mode | 0o011)
    return directory


def _complaints(said: list[str]) -> list[str]:
    return [line for line in said if line.startswith(_READ) or "configured in " + _READ in line]


_TWO_CARDS = ("10-candidates.network", "20-uplink.network")
_TRUNK = ("10-trunk.network", "11-hall.netdev", "12-hall.network")


@pytest.mark.parametrize(
    ("names", "instead"),
    [
        (_TWO_CARDS, ("", "")),
        (_TWO_CARDS, ("Address=10.20.0.5/24", "DHCP=ipv4")),  # as the file says
        (_TRUNK, ("", "")),
    ],
)
def test_every_example_is_understood(
    names: tuple[str, ...], instead: tuple[str, str], cards: _Cards, tmp_path: Path
) -> None:
    with _networkd(cards, _written(tmp_path / "network", *names, instead=instead)) as said:
        assert _complaints(said) == []
        assert f"eth0: found matching network '{_READ}{names[0]}'." in said
        if names == _TRUNK:  # a VLAN itself this kernel may not have
            assert 'hall20: loaded "vlan"' in said
        else:
            assert f"eth1: found matching network '{_READ}{names[1]}'." in said
        if names == _TWO_CARDS and not instead[0]:
            while cards.addresses("eth0") != {"10.20.0.5"}:
                pass


@pytest.mark.parametrize(
    ("instead", "complaint"),
    [
        (("VLAN=hall20", "Vlan=hall20"), "Unknown key"),
        (("VLAN=hall20", "VLAN=hall21"), "hall21 NetDev could not be found"),
        (("Id=20", "Id=5000"), "outside of valid range"),
        (("10.20.0.5/24", "10.20.0.500/24"), "10.20.0.500"),
    ],
)
def test_a_mistake_in_one_would_be_seen(
    instead: tuple[str, str], complaint: str, cards: _Cards, tmp_path: Path
) -> None:
    with _networkd(cards, _written(tmp_path / "network", *_TRUNK, instead=instead)) as said:
        assert any(complaint in line for line in _complaints(said)), said


def test_every_example_is_tried() -> None:
    files = {file.name for file in _EXAMPLES.iterdir()} - {"README.md"}
    assert files == {*_TWO_CARDS, *_TRUNK}
