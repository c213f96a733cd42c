"""What units hold to when it comes to it: memory, the microphone's rules, the box's screen."""

from __future__ import annotations

import re

import pytest

from tests.machine.booted import Machine
from tests.machine.hall import PASSPHRASE, STATE, Hall
from tests.machine.lan import Lan
from tests.machine.memory import Bound
from tests.machine.test_a_box_under_systemd import UNITS, WORKERS, failed
from tests.machine.users import User
from tests.support.box import SETTINGS

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1800)]

GATEWAY, MICROPHONE, SCREEN = (
    UNITS[0],
    "hallvakt-hall-audio.service",
    "hallvakt-console@tty1.service",
)
_MOST = {GATEWAY: 2 * 2**30, **dict.fromkeys(WORKERS, 900 * 2**20)}


def test_workers_that_eat_memory_are_killed_and_replaced_and_the_rest_lives(
    machine: Machine, lan: Lan
) -> None:
    """systemd has the limits; the kernel here enforces none that systemd gives inside of a machine,
    so the test puts the workers under a limit of the kernel's own, and they take more."""
    for unit, most in _MOST.items():
        assert machine.shown(unit, "MemoryMax") == str(most)
    hall = Hall(machine, lan)
    hall.begin(SETTINGS)
    before = machine.shown(GATEWAY, "MainPID")
    with Bound(machine.networks.name, most=2**20) as bound:
        for unit in WORKERS:
            bound.put(*machine.outside(unit))
        hall.record()  # acknowledged all the same
        bound.until_killed()
    for unit in WORKERS:
        machine.until("systemctl", "is-active", unit)
    count = f"hallvakt metrics | grep -E '^hallvakt_media_workers {len(WORKERS)}(\\.0)?$'"
    machine.until("sh", "-c", count)
    assert machine.shown(GATEWAY, "MainPID") == before
    hall.record()
    hall.check()
    hall.move("closed")
    assert failed(machine) == ""


def test_the_relay_s_limits_outlive_the_machine_s_own_firewall(machine: Machine) -> None:
    """Whose rules begin with `flush ruleset` on a Debian."""
    assert "flush ruleset" in machine.says("cat", "/etc/nftables.conf")
    machine.says("systemctl", "start", "nftables")  # which is not followed: the doctor says so
    doctor = " ".join(machine.attempt("hallvakt", "doctor").stdout.split())
    assert "systemctl restart hallvakt-firewall" in doctor
    machine.says("systemctl", "restart", "nftables")
    machine.until("nft", "list", "table", "inet", "hallvakt", within_s=60)
    assert machine.shown("hallvakt-firewall.service", "ActiveState") == "active"


def test_the_hall_microphone_runs_as_its_unit_says(machine: Machine) -> None:
    """There is none here, and no exam that would use one: it asks, and opens nothing."""
    box = machine.root / STATE[1:] / "box.toml"
    before = box.read_text()
    rest = re.sub(r"(?m)^\[hall_microphone\]\n(?:[a-z]+ = .*\n)*", "", before)
    box.write_text(f'{rest}\n[hall_microphone]\ndevice = "none"\nhall = "Aula"\n')
    machine.run("systemctl", "start", MICROPHONE)  # Type=notify: it is there
    alive = ("systemctl", "show", MICROPHONE, "--property=WatchdogTimestampMonotonic", "--value")
    first = machine.says(*alive)
    machine.until("sh", "-c", f"test $({' '.join(alive)}) != {first}")  # its questions feed it
    assert machine.shown(MICROPHONE, "NRestarts") == "0"
    pid = machine.shown(MICROPHONE, "MainPID")
    limits = machine.says("cat", f"/proc/{pid}/limits")
    assert re.search(r"Max file size +0 +0 ", limits)
    inside = ("nsenter", "--mount", f"--target={pid}", "ls", STATE)
    assert machine.says("ls", STATE)
    assert machine.says(*inside) == ""  # hidden from it: root may look into what hides it
    it = User(machine, MICROPHONE)
    it.owns_nothing()
    assert it.asks("hall-sound", "/health") == "404"  # its door leads to its one question
    assert it.asks("hall-sound", "/box/v1/hall-sound") == "405"  # which is not asked so
    machine.run("systemctl", "stop", MICROPHONE)
    box.write_text(before)
    assert failed(machine) == ""


def test_the_box_s_own_screen_shows_the_console(machine: Machine) -> None:
    """A pseudo-terminal stands in for tty1, with all but its pictures of letters."""
    machine.run("systemctl", "enable", "--now", SCREEN)
    machine.screen.shows("Passphrase")
    assert PASSPHRASE not in machine.screen.text
    machine.run("systemctl", "kill", "--signal=KILL", SCREEN)
    machine.screen.forget()
    machine.screen.shows("Passphrase")  # it starts anew, and no shell stands in between
    machine.run("systemctl", "restart", GATEWAY)
    machine.until("hallvakt", "metrics")
    assert machine.shown(SCREEN, "ActiveState") == "active"
    it = User(machine, SCREEN)
    it.owns_nothing()
    it.run("touch", f"{STATE}-console/theirs")  # but its own settings
    # It may ask what anybody on the network may, and not what the box's own processes may.
    assert it.asks("console", "/health") == "200"
    assert it.asks("console", "/box/v1/metrics") == "403"
    machine.run("systemctl", "disable", "--now", SCREEN)
    assert failed(machine) == ""
