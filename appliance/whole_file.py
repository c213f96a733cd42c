"""A file that is there whole or not at all, and durable: how everything that is no database, no
blob and no log is written, on the box and at a person's machine.

It is written under another name in the same directory, fsynced, and put into place in one step.
A full disk, a read-only one or a power cut leaves what was there before, and no half of the new.
Every error is a NoRoom or Unreachable that names the disk and says what to do.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from appliance.core.disk import cannot_write
from appliance.core.errors import Conflict, NoRoom, Unreachable

# What file systems of memory sticks (FAT) answer to a hard link.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})


def replace_whole(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Make `file`, or put `content` in the place of what it holds."""
    with whole_file(file, mode, replace=True) as out:
        out.write(content)


def create_whole(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Make `file`; raise Conflict when there is one."""
    with whole_file(file, mode, replace=False) as out:
        out.write(content)


@contextmanager
def whole_file(file: Path, mode: int = 0o600, *, replace: bool) -> Iterator[BinaryIO]:
    """To write into; `file` has it when the block ends without an error. Raise Conflict when there
    is one and it is not to be replaced. `mode` is of a new file, less what the umask takes.

    An OSError inside the block counts as one of this file.
    """
    target = file.resolve()  # what a link names is replaced, not the link
    if not replace and target.exists():
        raise _taken(file)
    try:
        if target.exists() and not target.is_file():  # a pipe or a terminal: nothing to put aside
            with target.open("wb") as out:
                yield out
            return
        fresh = target.with_name(f".{target.name[:200]}.{secrets.token_hex(6)}")
        try:
            descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with os.fdopen(descriptor, "w+b") as out:
                yield out
                out.flush()
                os.fsync(descriptor)
            if replace:
                fresh.replace(target)
            else:
                into_place(fresh, target)
            fsync_directory(target.parent)
        finally:
            with suppress(OSError):
                fresh.unlink()
    except FileExistsError:
        raise _taken(file) from None
    except OSError as error:
        raise unwritable(file, error) from error


def check_room(file: Path, size: int) -> None:
    """Raise what `replace_whole` would for `size` bytes now: before something is done that would
    be lost with them. Changes nothing."""
    target = file.resolve()
    if target.exists() and not target.is_file():
        return
    trial = target.with_name(f".{secrets.token_hex(6)}")
    try:
        descriptor = os.open(trial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)
            trial.unlink()
    except OSError as error:
        raise unwritable(file, error) from error


def unwritable(file: Path, error: OSError) -> NoRoom | Unreachable:
    """The error for a file, or a directory, that could not be written."""
    return cannot_write(file, mount_of(file), error)


def mount_of(file: Path) -> Path:
    """Where the disk is mounted that `file` lies on, or would."""
    place = Path(os.path.abspath(file))
    while not place.is_mount() and place != place.parent:
        place = place.parent
    return place


def fsync_directory(directory: Path) -> None:
    """Make new names in it durable; raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that has nothing to do for it
            raise
    finally:
        os.close(descriptor)


def into_place(fresh: Path, target: Path) -> None:
    """Raise FileExistsError rather than replace what came meanwhile, OSError for a disk."""
    try:
        os.link(fresh, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError from None
        fresh.rename(target)


def _taken(file: Path) -> Conflict:
    return Conflict(f"There is already a file {file}: choose another name.")
