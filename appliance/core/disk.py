"""What a disk may refuse, and the words for it. Pure: error numbers come in, errors go out."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from enum import StrEnum

from appliance.core.errors import NoRoom, Unreachable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DiskState(StrEnum):
    """Of the disk that holds the state directory."""

    OK = "ok"
    FULL = "full"  # no snippet is taken in any more
    READ_ONLY = "read_only"  # the kernel made it so after an error, or somebody did
    FAILED = "failed"  # it did not keep what was written: nothing is believed before a start
    SILENT = "silent"  # a small write does not end


DISK_IN_WORDS: Mapping[DiskState, str] = {
    DiskState.FULL: "the disk is full: no snippet is taken in",
    DiskState.READ_ONLY: "the disk is read-only: no snippet is taken in",
    DiskState.FAILED: "the disk failed: no snippet is taken in until the box is started again",
    DiskState.SILENT: "the disk does not answer: no snippet is taken in",
}
DISK_ADVICE = (
    "Free room where it is full; else stop the box, have the disk looked at, and start it again. "
    "The candidates' pages keep what they record and send it afterwards."
)


def state_after(error: OSError) -> DiskState:
    """What a failed write says of the disk."""
    if error.errno in _FULL:
        return DiskState.FULL
    return DiskState.READ_ONLY if error.errno == errno.EROFS else DiskState.FAILED


def is_disks(error: OSError) -> bool:
    """Whether it says something of the disk, not of one file's name or owner."""
    return error.errno in _FULL or error.errno in (errno.EROFS, errno.EIO)


def cannot_write(file: object, disk: object, error: OSError) -> NoRoom | Unreachable:
    """The error for a `file` that could not be written; `disk` is where its disk is mounted."""
    match state_after(error):
        case DiskState.FULL:
            return NoRoom(
                f"{file} cannot be written: the disk at {disk} is full. Free some room there, then "
                "try again."
            )
        case DiskState.READ_ONLY:
            return Unreachable(
                f"{file} cannot be written: the disk at {disk} is read-only. Have the disk looked "
                "at and made writable, or choose another place, then try again.",
                code="disk-failed",
            )
        case _ if error.errno == errno.EIO:
            return Unreachable(
                f"{file} cannot be written: the disk at {disk} failed. Have the disk looked at, or "
                "choose another place.",
                code="disk-failed",
            )
        case _:
            return Unreachable(f"{file} cannot be written ({error.strerror}): choose another.")
