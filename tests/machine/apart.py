"""Whoever writes the box's data is a user of its own: what each may, tried as that user."""

from __future__ import annotations

from tests.machine.booted import Machine
from tests.machine.hall import STATE

JOBS = ("syncer", "janitor", "drill", "fleet")
_GATEWAY = "hallvakt-gateway.service"


def check_apart(machine: Machine) -> None:
    """The box runs, and each job has had a round under its unit since it was installed."""
    gateway = machine.shown(_GATEWAY, "MainPID")
    numbers = {machine.says("stat", "-c", "%u", f"/proc/{gateway}")}
    for job in JOBS:
        unit, user = f"hallvakt-{job}.service", f"hallvakt-{job}"
        machine.run("systemctl", "start", unit, accept=(0, 1))
        assert machine.shown(unit, "Result") == "success", machine.journal(unit)
        numbers.add(machine.says("id", "-u", user))
        assert machine.says("id", "-nG", user) == "hallvakt-data"
        as_it = ("setpriv", f"--reuid={user}", "--regid=hallvakt-data", "--clear-groups", "--")
        for key in ("keys/box_signing.pem", "tls/ca.key", "tls/box.key"):
            assert machine.says("ls", f"{STATE}/{key}")
            assert "denied" in machine.run(*as_it, "cat", f"{STATE}/{key}", accept=(1,)).stderr
        assert "denied" in machine.run(*as_it, "ls", f"{STATE}/live", accept=(2,)).stderr
        for place in ("box.toml", "keys", "tls", "run"):
            refused = machine.run(*as_it, "test", "-w", f"{STATE}/{place}", accept=(1,))
            assert refused.returncode == 1, place
        machine.run(*as_it, "test", "-r", f"{STATE}/box.toml")
        machine.run(*as_it, "test", "-w", f"{STATE}/db/box.db")
        assert "not permitted" in machine.run(*as_it, "kill", "-0", gateway, accept=(1,)).stderr
        for secret in ("environ", "mem"):
            said = machine.run(*as_it, "cat", f"/proc/{gateway}/{secret}", accept=(1,)).stderr
            assert "denied" in said
    assert len(numbers) == 1 + len(JOBS)
    assert machine.says("stat", "-c", "%a %U:%G", STATE) == "2750 hallvakt:hallvakt-data"
    assert machine.shown("hallvakt-rights.service", "Result") == "success"
    assert "FAIL" not in machine.says("hallvakt", "doctor")
