"""A disk that forgets, when its power is cut, what it was not told to keep.

`nbdkit` serves an image to QEMU from behind a write-back cache (its filter `cache`): a write stays
in the cache, and a flush, which is what the machine's kernel sends for fsync(2), brings all of them
into the image. Killed, cache and all that was not flushed are gone. So nothing lives that the disk
was not told to keep; a real disk may keep some of it, in any order. One that lies about a flush, or
tears a sector, is not modelled.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from pathlib import Path

_WITHIN_S = 60.0
_WHOSE = re.compile(r"(?s)Mode: +0([0-7]+).*?User: +(\d+) +Group: +(\d+)")
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

    # --- while it is off: with debugfs(8), which needs no root and mounts nothing ---

    def text(self, path: str) -> str:
        return self._debugfs(f"cat {path}")

    def put(self, path: str, text: str) -> None:
        """Whose it was, and who may read it, stays; a new file is root's, for all to read."""
        there = _WHOSE.search(self._debugfs(f"stat {path}", may_lack=True))
        mode, user, group = there.groups() if there else ("644", "0", "0")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            self._debugfs(
                *([f"rm {path}"] if there else []),
                f"write {file.name} {path}",
                f"set_inode_field {path} mode 0100{mode}",
                f"set_inode_field {path} uid {user}",
                f"set_inode_field {path} gid {group}",
            )

    def remove(self, path: str) -> None:
        self._debugfs(f"rm {path}")

    def _debugfs(self, *requests: str, may_lack: bool = False) -> str:
        assert self._server is None
        words = ["debugfs", "-w", "-f", "-", str(self.image)]
        done = subprocess.run(
            words, input="\n".join(requests), check=True, capture_output=True, text=True
        )
        said = done.stderr.splitlines()[1:]  # the first is its version; it ends well all the same
        assert may_lack or not said, (requests, said)
        _, _, answer = done.stdout.partition("\n")  # what it was asked
        return answer

    # --- running ---

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
