"""What a test asks of a machine by commands on it, whatever the machine is made of."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

WITHIN_S = 120.0
ENVIRONMENT = (
    "HOME=/root", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
)  # fmt: skip


class Commands(ABC):
    within_s = WITHIN_S  # how long `until` waits for what comes of itself

    @abstractmethod
    def attempt(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """As root, in the machine, whatever comes of it."""

    @abstractmethod
    def seen(self, path: str) -> Path:
        """A file or directory of the machine where it can be read here, as it is just now."""

    def run(
        self, *words: str, given: str | None = None, accept: Sequence[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        """As root, in the machine. Fails the test, with what was said, on another exit code."""
        done = self.attempt(*words, given=given)
        assert done.returncode in accept, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def says(self, *words: str, accept: Sequence[int] = (0,)) -> str:
        return self.run(*words, accept=accept).stdout.strip()

    def shown(self, unit: str, name: str) -> str:
        """A property of a unit, as systemd has it."""
        return self.says("systemctl", "show", unit, f"--property={name}", "--value")

    def until(self, *words: str, within_s: float | None = None) -> str:
        """Runs `words` until they end well; answers what they said."""
        deadline = time.monotonic() + (within_s or self.within_s)
        while (done := self.attempt(*words)).returncode:
            assert time.monotonic() < deadline, f"{words}: {done.stdout}{done.stderr}"
            time.sleep(0.3)
        return done.stdout.strip()

    def journal(self, unit: str, lines: int = 60) -> str:
        words = ("journalctl", "--no-pager", f"--lines={lines}", f"--unit={unit}")
        return self.attempt(*words).stdout
