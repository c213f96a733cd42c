"""What SQLite says, in the words of `core.errors`."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from appliance.core.errors import HallvaktError, IntegrityFailure, NoRoom, Unreachable


class SqliteFailure(Unreachable):
    """The disk failed a write, read or fsync; the database takes nothing more until a restart."""

    code = "disk-failed"


def damaged(path: Path) -> IntegrityFailure:
    """The error for a file that is not what was written."""
    return IntegrityFailure(
        f"The database {path.name} is damaged: stop the box and run `hallvakt repair`, which keeps "
        "the damaged file and puts together what is left."
    )


def missing(path: Path) -> IntegrityFailure:
    """The error for a file that was there and is gone: an empty one must not take its place."""
    return IntegrityFailure(
        f"The database {path.name} is missing: stop the box and run `hallvakt repair`, or restore "
        "the last backup of this box."
    )


def _no_room() -> NoRoom:
    return NoRoom("The box's disk is full: free some room, then try again.")


def _code(error: apsw.Error) -> int:
    """SQLite's extended result code; 0 where the error is not SQLite's own."""
    return int(getattr(error, "extendedresult", 0))


def _read_only(path: Path) -> bool:
    """Whether the disk under it is."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def translate(error: apsw.Error, path: Path) -> HallvaktError:
    """The error to raise for `error` from the database at `path`."""
    match error:
        case apsw.FullError():
            return _no_room()
        case apsw.CorruptError() | apsw.NotADBError() | apsw.FormatError():
            return damaged(path)
        case apsw.BusyError() | apsw.LockedError():
            return Unreachable(
                f"The database {path.name} is in use by another part of the box: try again."
            )
        case apsw.ReadOnlyError() | apsw.CantOpenError() if _read_only(path):
            return Unreachable(
                f"The database {path.name} cannot be written: the box's disk is read-only. Stop "
                "the box, have the disk looked at and made writable, and start it again.",
                code="disk-failed",
            )
        case apsw.ReadOnlyError():
            return Unreachable(
                f"The database {path.name} cannot be written: the disk is read-only, or the file "
                "belongs to another user. Check the disk first."
            )
        case apsw.CantOpenError() | apsw.PermissionsError():
            return Unreachable(
                f"The database {path.name} cannot be opened: check that the state directory "
                "belongs to the box's user."
            )
        case apsw.IOError() if _code(error) == apsw.SQLITE_IOERR_SHMSIZE:
            return _no_room()  # the file that readers share cannot grow; nothing was written yet
        case apsw.IOError():
            kind = apsw.mapping_extended_result_codes.get(_code(error), "SQLITE_IOERR")
            return SqliteFailure(
                f"The disk failed under the database {path.name} ({kind}): stop the box and check "
                "the disk."
            )
        case _:
            return Unreachable(f"The database {path.name} refused: {error}.")
