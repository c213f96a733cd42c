"""The processes around a gateway: its relays and its workers' children, and a console that somebody
has logged in to on a terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

from tests.support.box import LEAD, PASSPHRASE, ROOT, RealBox, clean_environment
from tests.support.traffic import processes


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def relays(box: RealBox) -> list[int]:
    """coturn's words name no directory; it stands in the box's."""
    found = []
    for pid in processes("turnserver"):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(box.state)):
                found.append(pid)
        except OSError:
            continue
    return found


class TerminalConsole:
    """The real console, on a pseudoterminal of 80x24 whose screen nobody reads."""

    def __init__(self, box: RealBox, code: str) -> None:
        self._master, line = pty.openpty()
        termios.tcsetwinsize(line, (24, 80))
        reading, writing = os.pipe()
        os.write(writing, f"{PASSPHRASE}\n".encode())
        os.close(writing)
        words = ["-m", "tui", "--state", str(box.state), "--user", LEAD, "--exam", code]
        self.process = subprocess.Popen(
            [sys.executable, *words, "--passphrase-fd", str(reading), "--pictures", "off"],
            cwd=ROOT, env=clean_environment() | {"TERM": "xterm-256color"},
            stdin=line, stdout=line, stderr=line, pass_fds=(reading,), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(line)
        os.close(reading)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._drain)

    def _drain(self) -> None:
        try:
            os.read(self._master, 65_536)
        except BlockingIOError:
            return
        except OSError:  # nobody holds the other end any more
            asyncio.get_running_loop().remove_reader(self._master)

    async def killed(self) -> None:
        self.process.kill()
        await asyncio.to_thread(self.process.wait)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
