"""What may be wrong with a directory that holds the archive, a disk or share of the school's."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance.core.errors import HallvaktError, Unreachable
from appliance.whole_file import unwritable

# By the Filesystem Hierarchy Standard 3.0 (3.11, 3.12, 3.17). Also where the units of night and
# janitor may write, beside the box (systemd/).
PLACES = (Path("/mnt"), Path("/media"), Path("/srv"))


def check_mounted(
    directory: Path, *, system: Path = Path("/"), places: Sequence[Path] = PLACES
) -> None:
    """Raise Unreachable where `directory` is not there, or an empty mount point without its disk:
    what were written there would fill the box's own, and be hidden once the disk is back.
    `system` lies on the box's own disk."""
    try:
        there = directory.stat()
        of_the_system = there.st_dev == system.stat().st_dev
        used = (directory / "packs").exists()
    except OSError as error:
        raise _unreadable(directory, error) from error
    if not directory.is_dir():
        raise _gone(directory)
    if of_the_system and not used and is_mount_place(directory, places):
        raise Unreachable(
            f"Nothing is mounted at {directory}: connect the disk or share (as root: `mount "
            f"{directory}`). Until then the archive waits; on the box's own disk it would be no "
            "second copy."
        )


def is_mount_place(directory: Path, places: Sequence[Path] = PLACES) -> bool:
    return any(directory.is_relative_to(place) for place in places)


@contextmanager
def reading(directory: Path) -> Iterator[None]:
    """Raise Unreachable for an error of the disk or share; a file that is not there stays one."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(directory, error) from error


def not_written(directory: Path, path: Path, error: OSError) -> HallvaktError:
    """For `path` in `directory`, where a disk that is full or failed is said as everywhere."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return Unreachable(
            f"{directory} may not be written ({error.strerror}): it must be the group's whose the "
            "box is, with mode 2770; `hallvakt doctor` says what to type."
        )
    if error.errno == errno.EROFS:
        return Unreachable(
            f"{directory} is read-only: its disk or share is mounted so, or it lies where the "
            "night's units may not write. Have it looked at; `hallvakt doctor` says which."
        )
    return unwritable(path, error)


def _unreadable(directory: Path, error: OSError) -> Unreachable:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return _gone(directory)
    return Unreachable(
        f"The directory {directory} cannot be read ({error.strerror}): is the disk or share "
        "connected, and may the box's users enter it? `hallvakt doctor` says more."
    )


def _gone(directory: Path) -> Unreachable:
    return Unreachable(f"The directory {directory} is not there: is the disk or share connected?")
