"""Networks of our own: namespaces that a test makes and that go again, whatever happens.

    class Cable(NetworkNamespaces):
        def __init__(self) -> None:
            super().__init__("near", "far")

        def connect(self) -> None:
            ip("link", "add", ..., "netns", self.name("far"))

    with Cable() as cable:
        subprocess.run([*cable.inside("far"), "ip", "address"])

Several runs at once do not meet: the process id is part of each name. Needs root.
"""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class NetworkNamespaces(ABC):
    """One per end given, with its loopback device up; what joins them is `connect`'s."""

    def __init__(self, *ends: str) -> None:
        self._names = {end: f"hv-{end}-{os.getpid()}" for end in ends}

    def name(self, end: str) -> str:
        return self._names[end]

    def inside(self, end: str) -> tuple[str, ...]:
        """The words before a command that is to run there."""
        return ("ip", "netns", "exec", self._names[end])

    @abstractmethod
    def connect(self) -> None:
        """Cables, addresses and routes; called once, when all namespaces are there."""

    def __enter__(self) -> Self:
        for name in self._names.values():  # what a killed process left that had our id
            _delete(name)
        try:
            for name in self._names.values():
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            self.connect()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """A cable goes with either of its ends."""
        for name in self._names.values():
            _delete(name)


def _delete(name: str) -> None:
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def ip(*words: str) -> None:
    run("ip", *words)


def run(*command: str, given: str = "") -> None:
    """`given` is what it reads; a failure shows what it wrote."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
