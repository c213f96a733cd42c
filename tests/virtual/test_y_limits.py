"""Limits of memory and tasks as the kernel enforces what systemd gives: the units' own figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.hall import LIVE, Hall
from tests.machine.test_a_box_under_systemd import WORKERS
from tests.machine.test_b_what_units_hold import GATEWAY
from tests.virtual.virtual import Virtual

pytestmark = [pytest.mark.virtual, pytest.mark.timeout(3600)]

# In the control group of a unit, as one of its processes would: takes memory, or makes tasks.
INSIDE = 'echo $$ >"/sys/fs/cgroup$1/cgroup.procs" && exec python3 -c "$2"'
EATS = "a = []\nwhile True: a.append(bytearray(b'x') * 16 * 2**20)"
FORKS = """
import os, time
os.getpgrp() == os.getpid() or os.setpgid(0, 0)
made = 0
try:
    while made < 1000:
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except BlockingIOError:
    print(made, flush=True)
os.killpg(0, 9)
"""


def group(machine: Virtual, unit: str, file: str) -> str:
    return machine.says("cat", f"/sys/fs/cgroup{machine.shown(unit, 'ControlGroup')}/{file}")


def takes_too_much(machine: Virtual, unit: str) -> None:
    """Until the kernel has killed what did, for what the unit may have, and it has begun anew."""
    assert group(machine, unit, "memory.max") == machine.shown(unit, "MemoryMax")
    assert group(machine, unit, "memory.swap.max") == "0"
    restarts = int(machine.shown(unit, "NRestarts"))
    inside = ("sh", "-c", INSIDE, "-", machine.shown(unit, "ControlGroup"), EATS)
    assert machine.attempt(*inside).returncode == -9
    killed = f"journalctl --unit={unit} | grep -q \"Failed with result 'oom-kill'\""
    machine.until("sh", "-c", killed)
    machine.until("systemctl", "is-active", unit)
    assert int(machine.shown(unit, "NRestarts")) > restarts


def has_its_workers(machine: Virtual) -> None:
    count = f"hallvakt metrics | grep -E '^hallvakt_media_workers {len(WORKERS)}(\\.0)?$'"
    machine.until("sh", "-c", count)


def test_a_worker_that_takes_more_memory_than_its_unit_has_is_killed_alone(box: Virtual) -> None:
    others = [other for other in (GATEWAY, *WORKERS) if other != WORKERS[0]]
    before = {other: box.shown(other, "MainPID") for other in others}
    takes_too_much(box, WORKERS[0])
    has_its_workers(box)
    assert {other: box.shown(other, "MainPID") for other in others} == before


def test_a_gateway_that_takes_more_memory_than_its_unit_has_starts_anew_and_loses_nothing(
    box: Virtual, new_hall: Callable[[Virtual], Hall]
) -> None:
    hall = new_hall(box)
    hall.begin(LIVE)
    hall.record()
    before = box.shown(GATEWAY, "MainPID")
    takes_too_much(box, GATEWAY)
    assert box.shown(GATEWAY, "MainPID") != before
    hall.check()
    hall.record()
    has_its_workers(box)
    hall.check()
    hall.move("closed")


@pytest.mark.parametrize("unit", [GATEWAY, WORKERS[0]], ids=["gateway", "worker"])
def test_what_makes_more_tasks_than_its_unit_has_gets_no_more(box: Virtual, unit: str) -> None:
    before = box.shown(unit, "MainPID")
    most = int(box.shown(unit, "TasksMax"))
    assert group(box, unit, "pids.max") == str(most)
    inside = ("sh", "-c", INSIDE, "-", box.shown(unit, "ControlGroup"), FORKS)
    made = int(box.run(*inside, accept=(-9,)).stdout)
    assert 0 < made < most
    assert "max 0" not in group(box, unit, "pids.events")
    assert box.shown(unit, "MainPID") == before  # and it works on
    box.until("hallvakt", "metrics")
