"""Copies of a box's databases for a backup, without what may not be in one (DESIGN ruling 5)."""

from __future__ import annotations

from pathlib import Path

import apsw

from appliance.adapters.store.failures import translate
from appliance.core.errors import IntegrityFailure

# Who holds an old backup could otherwise open what was erased since: no attempt key leaves the box
# in one, sealed or wrapped, and no login goes on elsewhere.
_LEFT_OUT = (
    "DELETE FROM envelopes",
    "UPDATE epochs SET under_live = NULL",
    "DELETE FROM logins",
)


def snapshot(database: Path, copy: Path, *, strip: bool) -> None:
    """A consistent copy of one database, which may be in use, as a file that stands alone."""
    try:
        source = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            source.set_busy_timeout(10_000)
            source.execute("VACUUM INTO ?", (str(copy),))
        finally:
            source.close()
        if strip:
            _strip(copy)
    except apsw.Error as error:
        copy.unlink(missing_ok=True)
        raise translate(error, database) from error


def check(database: Path) -> None:
    """Raise IntegrityFailure unless every page, index and constraint of the copy is sound."""
    # Not read-only: of such a database SQLite does not even read the CHECK constraints.
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        if connection.execute("PRAGMA integrity_check(1)").get != "ok":
            raise IntegrityFailure(f"The copy of {database.name} is damaged.")
    finally:
        connection.close()


def _strip(copy: Path) -> None:
    connection = apsw.Connection(str(copy))
    try:
        connection.pragma("secure_delete", True)
        for statement in _LEFT_OUT:
            connection.execute(statement)
        connection.execute("VACUUM")  # no page of what was left out stays in the file
    finally:
        connection.close()
