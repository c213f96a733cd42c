"""A disk that forgets, when its power is cut, what it was not told to keep.

`nbdkit` serves an image to QEMU from behind a write-back cache (its filter `cache`): a write stays
in the cache, and a flush, which is what the machine's kernel sends for fsync(2), brings all of them
into the image. Killed, cache and all that was not flushed are gone. So nothing lives that the disk
was not told to keep; a real disk may keep some of it, in any order. One that lies about a flush, or
tears a sector, is not modelled.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

_WITHIN_S = 60.0
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")


def until_there(socket: Path, made_by: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not socket.exists():
        assert made_by.poll() is None, f"{made_by.args!r} ended with {made_by.returncode}"
        assert time.monotonic() < deadline, f"{made_by.args!r} opened no socket"
        time.sleep(0.02)


class Disk:
    def __init__(self, image: Path) -> None:
        self.image = image
        self.socket = image.with_suffix(".nbd")
        self._server: subprocess.Popen[bytes] | None = None

    def copy(self, image: Path) -> Disk:
        """Another disk with the same on it; only while this one is off."""
        assert self._server is None
        words = ("cp", "--sparse=always", "--reflink=auto", str(self.image), str(image))
        subprocess.run(words, check=True)
        return Disk(image)

    def power_on(self) -> None:
        self.socket.unlink(missing_ok=True)
        # 4 KiB, the file system's own: what is kept brings along nothing that lies beside it.
        words = (*DIES_WITH_US, "nbdkit", "--foreground", f"--unix={self.socket}",
                 "--filter=cache", "file", str(self.image),
                 "cache=writeback", "cache-min-block-size=4K")  # fmt: skip
        self._server = subprocess.Popen(words, start_new_session=True)
        until_there(self.socket, self._server)

    def power_cut(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait(_WITHIN_S)
            self._server = None

    power_off = power_cut  # a machine that is shut down has flushed
