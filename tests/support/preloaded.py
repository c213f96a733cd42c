"""Real processes of the box that start within milliseconds: for tests that kill many.

    with Preloaded("appliance.processes.janitor") as preloaded:
        janitor = preloaded.start("appliance.processes.janitor", "--state", str(state))
        janitor.kill()

A process that has imported the modules, and does nothing else, forks each and lets it run the
module's `main` with the words given. What is forked is what `python -m` would have started: its own
process, own session, nothing open.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.box import ROOT, clean_environment

_GONE_S = 60.0


class Forked:
    """A process by its id, whoever's child it is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        """Signal 9; return when it is gone."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.ended()

    def ended(self) -> None:
        """Return when it is gone."""
        deadline = time.monotonic() + _GONE_S
        while _runs(self.pid):
            assert time.monotonic() < deadline, f"process {self.pid} does not end"
            time.sleep(0.002)


def _runs(pid: int) -> bool:
    """Not when only its parent has still to hear of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Preloaded:
    def __init__(self, *modules: str) -> None:
        # One thread each, as the media worker wants it, and before anything is imported.
        alone = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        self._mould = subprocess.Popen(
            [sys.executable, "-m", "tests.support.preloaded", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=clean_environment() | alone,
        )
        self._started: list[Forked] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._started:
            one.kill()
        self._mould.communicate(timeout=_GONE_S)

    def start(self, module: str, *words: str, environment: Mapping[str, str] = {}) -> Forked:
        assert self._mould.stdin is not None
        assert self._mould.stdout is not None
        self._mould.stdin.write(json.dumps([module, words, dict(environment)]) + "\n")
        self._mould.stdin.flush()
        forked = Forked(int(self._mould.stdout.readline()))
        self._started.append(forked)
        return forked


def _fork(module: str, words: list[str], environment: dict[str, str]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        os.environ.update(environment)
        sys.argv = [module, *words]
        code = importlib.import_module(module).main() or 0
    finally:
        os._exit(code)


def _serve(modules: list[str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        sys.stdout.write(f"{_fork(*json.loads(line))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1:])
