"""The last of the machine: taking the box off again."""

from __future__ import annotations

import pytest

from tests.machine.booted import Machine
from tests.machine.hall import STATE
from tests.machine.test_a_box_under_systemd import INSTALLER, NOT_SET

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1800)]


def test_it_comes_off_again_and_leaves_its_state_alone(machine: Machine) -> None:
    said = machine.says("bash", INSTALLER, "--uninstall")
    assert "coturn.service stays off" in said
    assert f"{NOT_SET} 1024" in said
    ours = "/opt/hallvakt /usr/local/bin/hallvakt /etc/hallvakt /etc/sysctl.d/60-hallvakt.conf"
    left = machine.says(
        "sh", "-c", f"ls -d {ours} /run/hallvakt* {STATE}-console 2>/dev/null; true"
    )
    assert left == ""
    files = machine.says("find", "/etc/systemd/system", "-name", "*hallvakt*")
    assert files == ""
    # systemd forgets in its own time what is nowhere any more.
    units = "systemctl list-units --all --plain --no-legend 'hallvakt*'"
    machine.until("sh", "-c", f'test -z "$({units})"')
    assert machine.run("pgrep", "-u", "hallvakt", accept=(1,)).stdout == ""
    accounts = machine.says("sh", "-c", "cat /etc/passwd /etc/group | grep -o '^hallvakt[^:]*'")
    assert set(accounts.split()) == {"hallvakt"}
    assert machine.says("find", STATE, "-not", "-user", "hallvakt") == ""
    assert machine.says("stat", "-c", "%a %U:%G", STATE) == "700 hallvakt:hallvakt"
    assert "hallvakt" not in machine.says("nft", "list", "tables")
    assert machine.says("ls", f"{STATE}/box.toml")
    machine.reboot()
    assert machine.says("systemctl", "is-system-running") == "running"
