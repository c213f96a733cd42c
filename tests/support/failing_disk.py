"""A real disk that the kernel itself makes read-only, as it does after an error it cannot mend."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IS_THERE = Path("/dev/loop-control").exists() and Path("/sys/fs/ext4").exists()
"""Whether this kernel has what is needed; root is, too."""


class FailingDisk:
    """Ext4 in a file, mounted with `errors=remount-ro`."""

    def __init__(self, path: Path, device: str) -> None:
        self.path, self._device = path, device

    def breaks(self) -> None:
        """An error of the file system, whoever has files open; for good."""
        Path("/sys/fs/ext4", self._device, "trigger_fs_error").write_text("a test")


@contextmanager
def failing_disk(image: Path, megabytes: int) -> Iterator[FailingDisk]:
    """Not mounted below `tmp_path`: a Unix socket's path has at most 107 bytes."""
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    directory = Path(tempfile.mkdtemp(prefix="hvf-"))
    subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, directory], check=True)
    try:
        found = subprocess.run(
            ["findmnt", "-no", "SOURCE", directory], check=True, capture_output=True, text=True
        )
        yield FailingDisk(directory, Path(found.stdout.strip()).name)
    finally:
        subprocess.run(["umount", "-l", directory], check=True)
        directory.rmdir()
