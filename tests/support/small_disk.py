"""A disk of a few megabytes, a real one, that a test fills or makes read-only."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BALLAST = "ballast"
_ASIDE = (".db-wal", ".db-shm", ".lock")


class SmallDisk:
    """`trouble` is `full` or `read-only`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def breaks(self, trouble: str) -> None:
        if trouble == "full":
            self._fill()
        else:
            self._remount("ro")

    def is_mended(self) -> None:
        self._remount("rw")
        (self.path / _BALLAST).unlink(missing_ok=True)

    def files(self) -> dict[str, tuple[int, str]]:
        """Inode and SHA-256 by name, without what SQLite keeps beside a database and without what
        is only locked."""
        return {
            str(file.relative_to(self.path)): (
                file.stat().st_ino,
                hashlib.sha256(file.read_bytes()).hexdigest(),
            )
            for file in sorted(self.path.rglob("*"))
            if file.is_file() and file.suffix not in _ASIDE and file.name != _BALLAST
        }

    def _fill(self) -> None:
        """To the last page."""
        with (self.path / _BALLAST).open("wb", buffering=0) as file:
            try:
                while file.write(bytes(65_536)) == 65_536:
                    pass
            except OSError:
                return

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Needs root. Not below `tmp_path`: a Unix socket's path has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="hvf-"))
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m"]
    subprocess.run(["mount", *options, "none", directory], check=True)
    try:
        yield SmallDisk(directory)
    finally:
        subprocess.run(["umount", "-l", directory], check=True)
        directory.rmdir()
