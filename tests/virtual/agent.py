"""Commands inside the machine through Debian's qemu-guest-agent: no network, login or screen."""

from __future__ import annotations

import base64
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.machine.commands import ENVIRONMENT
from tests.virtual.talk import Refused, Talk

_ONE_READ = 4 * 2**20


class Agent:
    def __init__(self, path: Path, *, within_s: float) -> None:
        """Until it answers: that is some time after systemd has begun."""
        self._talk = Talk(path, within_s=within_s)
        mark = secrets.randbelow(2**31)
        try:
            self._talk.say("guest-sync", id=mark)
            while self._heard() != mark:
                pass  # what was meant for somebody before us
        except OSError:
            self._talk.close()
            raise

    def run(self, words: tuple[str, ...], given: str | None) -> subprocess.CompletedProcess[str]:
        asked = {"path": words[0], "arg": list(words[1:]), "env": list(ENVIRONMENT)}
        if given is not None:
            asked["input-data"] = base64.b64encode(given.encode()).decode()
        pid = self._talk.ask("guest-exec", **asked, **{"capture-output": True})["pid"]
        wait_s = 0.01
        while not (state := self._talk.ask("guest-exec-status", pid=pid))["exited"]:
            time.sleep(wait_s)
            wait_s = min(0.2, wait_s * 1.5)
        assert not state.get("out-truncated"), f"{words} said more than can be carried"
        code = state["exitcode"] if "exitcode" in state else -state["signal"]
        out, err = (_text(state.get(name, "")) for name in ("out-data", "err-data"))
        return subprocess.CompletedProcess(words, code, out, err)

    def read(self, path: str) -> Iterator[bytes]:
        handle = self._talk.ask("guest-file-open", path=path, mode="r")
        try:
            while True:
                part = self._talk.ask("guest-file-read", handle=handle, count=_ONE_READ)
                yield base64.b64decode(part["buf-b64"])
                if part["eof"]:
                    return
        finally:
            self._talk.ask("guest-file-close", handle=handle)

    def close(self) -> None:
        self._talk.close()

    def _heard(self) -> object:
        try:
            return self._talk.hear()
        except Refused:
            return None


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode(errors="replace")
