"""From which networks candidates reach a box: what its units let in, and what the doctor says of a
school whose addresses are others, or of a machine that has none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from appliance.adapters.host import unit_networks
from appliance.core import checkup_network
from appliance.core.checkup import Check, CheckStatus
from tests.support.box import ROOT, clean_environment

UNITS = ("hallvakt-gateway.service", "hallvakt-coturn@.service")
OK, FAIL = CheckStatus.OK, CheckStatus.FAIL


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """As they are installed."""
    for unit in UNITS:
        shutil.copy(ROOT / "systemd" / unit, tmp_path)
    return tmp_path


def _judged(units: Path, host: str, *here: str, halls: tuple[str, ...] = ()) -> Check:
    let_in = [unit_networks.allowed(unit, units) for unit in UNITS]
    return checkup_network.addresses(host, here, halls, let_in)


@pytest.mark.parametrize(
    ("host", "here", "halls", "wanted"),
    [
        ("0.0.0.0", ("10.20.0.5",), (), OK),
        ("0.0.0.0", ("172.31.0.5", "192.168.1.2"), ("10.21.0.0/24",), OK),
        ("127.0.0.1", (), (), OK),  # an exam on one machine
        ("localhost", (), (), OK),
        ("0.0.0.0", ("192.0.2.5",), (), FAIL),  # a school with addresses of the internet's
        ("0.0.0.0", ("100.64.0.5",), (), FAIL),  # a provider's own (RFC 6598)
        ("0.0.0.0", ("10.20.0.5",), ("192.0.2.0/24",), FAIL),
        ("0.0.0.0", ("10.20.0.5",), ("8.0.0.0/5",), FAIL),  # more than is let in
        ("0.0.0.0", (), (), FAIL),  # nobody gave it an address
        ("10.9.9.9", ("10.20.0.5",), (), FAIL),
        ("10.20.0.5", ("10.20.0.5",), (), OK),
    ],
)
def test_an_address_by_which_nobody_reaches_the_box_is_said(
    units: Path, host: str, here: tuple[str, ...], halls: tuple[str, ...], wanted: CheckStatus
) -> None:
    found = _judged(units, host, *here, halls=halls)
    assert found.status is wanted, found
    assert bool(found.advice) == (wanted is FAIL)


def test_what_the_doctor_advises_lets_them_in(units: Path) -> None:
    before = _judged(units, "0.0.0.0", "192.0.2.5")
    assert "192.0.2.5" in before.detail
    for unit in UNITS:
        assert f"/etc/systemd/system/{unit}.d" in before.advice
        (units / f"{unit}.d").mkdir()
        (units / f"{unit}.d" / "school.conf").write_text("[Service]\nIPAddressAllow=192.0.2.0/24\n")
    assert _judged(units, "0.0.0.0", "192.0.2.5").status is OK
    (units / f"{UNITS[1]}.d" / "school.conf").unlink()  # the live views' alone is missing
    assert _judged(units, "0.0.0.0", "192.0.2.5").status is FAIL


def test_both_units_let_in_the_same_and_nobody_from_the_internet(units: Path) -> None:
    gateway, relay = (unit_networks.allowed(unit, units) for unit in UNITS)
    assert gateway is not None
    assert relay is not None
    multicast = {ip_network("224.0.0.0/4"), ip_network("ff00::/8")}
    assert set(gateway) - set(relay) == multicast  # its name on the LAN
    assert all(network.is_private or network in multicast for network in gateway)


def test_a_unit_s_lines_are_read_as_systemd_reads_them(tmp_path: Path) -> None:
    unit = tmp_path / "some.service"
    assert unit_networks.allowed(unit.name, tmp_path) is None
    unit.write_text("[Service]\nIPAddressAllow=10.0.0.0/8\n")
    assert unit_networks.allowed(unit.name, tmp_path) is None  # nothing is denied
    unit.write_text("[Service]\nIPAddressDeny=any\nIPAddressAllow=10.0.0.0/8 nonsense 192.0.2.7\n")
    assert unit_networks.allowed(unit.name, tmp_path) == [
        ip_network("10.0.0.0/8"),
        ip_network("192.0.2.7/32"),
    ]
    (tmp_path / "some.service.d").mkdir()
    (tmp_path / "some.service.d" / "a.conf").write_text("[Service]\nIPAddressAllow=\n")
    assert unit_networks.allowed(unit.name, tmp_path) == []
    (tmp_path / "some.service.d" / "b.conf").write_text("[Service]\nIPAddressDeny=\n")
    assert unit_networks.allowed(unit.name, tmp_path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")
def test_a_machine_that_was_given_no_address_is_not_fit() -> None:
    """Its cable has a link, and so all other lines are good."""
    code = (
        "from appliance.config.box import BoxConfig\n"
        "from appliance.processes import checkup_network as here\n"
        "print(here.addresses_check(BoxConfig(box_id='0' * 32))[0].status)\n"
        "print(here.machine_addresses_check()[0].status)\n"
    )
    link = "ip link set lo up && ip link add lan0 type veth peer lan1 && ip link set lan0 up"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", f'{link} && exec "$@"', "sh", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=ROOT,
        env=clean_environment(),
    )
    assert done.stdout == "fail\nfail\n", done.stderr  # before there is a box, and after
