"""The machine itself: what the other tests here rest on."""

from __future__ import annotations

import pytest

from tests.machine.hall import STATE
from tests.machine.test_b_what_units_hold import GATEWAY
from tests.virtual.conftest import Machines

pytestmark = [pytest.mark.virtual, pytest.mark.timeout(1800)]


def test_a_box_starts_and_a_power_cut_takes_what_was_not_flushed(machines: Machines) -> None:
    machine = machines()
    machine.boot()
    machine.until("hallvakt", "metrics")
    assert machine.shown(GATEWAY, "ActiveState") == "active"
    assert machine.says("hostname") == "exambox"
    assert "10.20.0.5/24" in machine.says("ip", "address", "show", "lan0")
    assert machine.run("sh", "-c", "cat; exit 3", given="å\n", accept=(3,)).stdout == "å\n"
    assert (machine.seen(f"{STATE}/tls/ca.pem")).read_text().startswith("-----BEGIN")
    machine.run("sh", "-c", "echo kept >/root/kept && sync && echo lost >/root/lost")
    machine.cut_the_power()
    machine.boot()
    assert machine.says("cat", "/root/kept") == "kept"
    assert machine.run("cat", "/root/lost", accept=(0, 1)).stdout == ""
    before = machine.says("cat", "/proc/sys/kernel/random/boot_id")
    machine.reboot()
    assert machine.says("cat", "/proc/sys/kernel/random/boot_id") != before
    machine.off()
