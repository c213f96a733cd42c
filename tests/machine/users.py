"""What the user of a unit may, tried as that user."""

from __future__ import annotations

from dataclasses import dataclass

from tests.machine.booted import Machine
from tests.machine.hall import STATE
from tests.support.unix_asking import ASK

_PYTHON = "/opt/hallvakt/current/.venv/bin/python"


@dataclass(frozen=True, slots=True)
class User:
    machine: Machine
    unit: str

    @property
    def _process(self) -> str:
        return f"/proc/{self.machine.shown(self.unit, 'MainPID')}"

    @property
    def number(self) -> str:
        return self.machine.says("stat", "-c", "%u", self._process)

    def run(self, *words: str, accept: tuple[int, ...] = (0,)) -> str:
        """In the unit's view of the file system."""
        pid = self._process.removeprefix("/proc/")
        group = self.machine.says("stat", "-c", "%g", self._process)
        inside = ("nsenter", f"--target={pid}", "--mount", "--setuid", self.number)
        return self.machine.says(*inside, "--setgid", group, "--", *words, accept=accept)

    def asks(self, door: str, path: str, method: str = "GET") -> str:
        """The status of the gateway's answer at that door."""
        return self.run(_PYTHON, "-c", ASK, f"/run/hallvakt-gateway/{door}.sock", method, path)

    def owns_nothing(self) -> None:
        """Nobody else runs as it, and it may not enter the box even where nothing is hidden."""
        owners = self.machine.says("ps", "-eo", "uid=,unit=").splitlines()
        same = {line.split()[1] for line in owners if line.split()[0] == self.number}
        assert same == {self.unit}
        group = self.machine.says("stat", "-c", "%g", self._process)
        as_it = ("setpriv", f"--reuid={self.number}", f"--regid={group}", "--clear-groups")
        assert "denied" in self.machine.run(*as_it, "ls", STATE, accept=(2,)).stderr
