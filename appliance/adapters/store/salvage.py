"""What can still be read of a damaged database, in a new one.

Tables are read by row number, which needs no index; where a page cannot be read the rows behind it
are looked for with growing steps. What stood in the gap is taken from a snapshot, if there is one:
rows outside a gap are never taken from there, for what is missing outside was deleted on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from appliance.adapters.store import schema
from appliance.adapters.store.failures import damaged as damaged_error
from appliance.adapters.store.failures import translate
from appliance.whole_file import unwritable

_LAST_ROW = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Row numbers that cannot be read, both ends included; how many of them were used is not
    known."""

    first: int
    last: int

    @property
    def at_end(self) -> bool:
        """Whether nothing behind it could be read."""
        return self.last == _LAST_ROW


@dataclass(slots=True, kw_only=True)
class Salvaged:
    """`read` and `from_snapshot` count rows by table; `gaps` are in the damaged file."""

    read: dict[str, int] = field(default_factory=dict)
    from_snapshot: dict[str, int] = field(default_factory=dict)
    gaps: dict[str, list[Gap]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return not self.gaps


def salvage(source: Path, folder: str, into: Path, snapshot: Path | None) -> Salvaged:
    """Make the new database `into` from what `source` (a copy nobody else has open, with its
    write-ahead log beside it) and `snapshot` hold. Raise IntegrityFailure when neither can be read
    at all: nothing starts empty. Raise NoRoom or Unreachable when `into` cannot be written."""
    try:
        schema.create(into, folder)
        return _salvaged(source, into, snapshot)
    except apsw.Error as error:
        raise translate(error, into) from error
    except OSError as error:
        raise unwritable(into, error) from error


def _salvaged(source: Path, into: Path, snapshot: Path | None) -> Salvaged:
    reading, older = _open(source), _open(snapshot) if snapshot else None
    writing, done = schema.connect(into), Salvaged()
    try:
        writing.pragma("foreign_keys", False)
        tables = [t for t in _tables(writing) if t != "schema_migrations"]
        if reading is None and older is None:
            raise damaged_error(source)
        writing.execute("BEGIN")
        for table in tables:
            done.read[table] = 0
            gaps = [Gap(-_LAST_ROW, _LAST_ROW)]
            if reading is not None and table in _tables(reading):
                gaps = []
                for found in _rows(reading, table):
                    if isinstance(found, Gap):
                        gaps.append(found)
                    else:
                        done.read[table] += _put(writing, table, found)
            if gaps:
                done.gaps[table] = gaps
                done.from_snapshot[table] = _fill(writing, older, table, gaps)
        writing.execute("COMMIT")
    except BaseException:
        writing.close(True)
        for left in into.parent.glob(f"{into.name}*"):
            left.unlink()
        raise
    finally:
        for connection in (writing, reading, older):
            if connection is not None:
                connection.close(True)
    return done


def _open(path: Path) -> apsw.Connection | None:
    """None when not even its list of tables can be read."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.pragma("cell_size_check", True)
        return connection if "schema_migrations" in _tables(connection) else None
    except apsw.Error:
        return None


def _tables(connection: apsw.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return [str(name) for (name,) in rows]


_Row = tuple[int, dict[str, Any]]  # row number, values by column


def _rows(connection: apsw.Connection, table: str) -> Iterator[_Row | Gap]:
    """In order of the row numbers, with the gaps between them."""
    start = -_LAST_ROW
    while True:
        last = start - 1
        try:
            for row in _from(connection, table, start):
                last = row[0]
                yield row
            return
        except apsw.Error:
            after = _next_readable(connection, table, last + 1)
        yield Gap(last + 1, after - 1 if after is not None else _LAST_ROW)
        if after is None:
            return
        start = after


def _next_readable(connection: apsw.Connection, table: str, start: int) -> int | None:
    """The first row number above `start` from which on something can be read; None when nothing
    can. Found in steps that grow, then closed in on."""
    end = _highest(connection, table)
    if end is None or start < 1:
        start = max(start, 0)
    step, failed = 1, start
    while end is not None and failed < end:
        tried = min(failed + step, end)
        if _reads(connection, table, tried):
            while tried - failed > 1:
                middle = (tried + failed) // 2
                tried, failed = (
                    (middle, failed) if _reads(connection, table, middle) else (tried, middle)
                )
            return tried
        failed, step = tried, step * 2
    return None


def _highest(connection: apsw.Connection, table: str) -> int | None:
    try:
        found = connection.execute(f'SELECT max(rowid) FROM "{table}"').get
        return None if found is None else int(found)
    except apsw.Error:
        return None


def _reads(connection: apsw.Connection, table: str, start: int) -> bool:
    try:
        next(iter(_from(connection, table, start)), None)
    except apsw.Error:
        return False
    return True


def _from(connection: apsw.Connection, table: str, start: int) -> Iterator[_Row]:
    cursor = connection.execute(
        f'SELECT rowid, * FROM "{table}" WHERE rowid >= ? ORDER BY rowid', (start,)
    )
    names: list[str] = []
    for row in cursor:
        names = names or [str(described[0]) for described in cursor.get_description()][1:]
        yield row[0], dict(zip(names, row[1:], strict=True))


def _put(connection: apsw.Connection, table: str, row: _Row) -> int:
    """A value that fits no column is not taken: it is none that was written."""
    number, values = row
    columns = ["rowid", *(f'"{name}"' for name in values)]
    marks = ", ".join("?" * len(columns))
    try:
        connection.execute(
            f'INSERT OR IGNORE INTO "{table}" ({", ".join(columns)}) VALUES ({marks})',
            (number, *values.values()),
        )
    except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError):
        raise  # the new file's disk: nothing is wrong with the row
    except apsw.Error:
        return 0
    return connection.changes()


def _fill(
    writing: apsw.Connection, older: apsw.Connection | None, table: str, gaps: list[Gap]
) -> int:
    if older is None or table not in _tables(older):
        return 0
    filled = 0
    for gap in gaps:
        try:
            for row in _from(older, table, gap.first):
                if row[0] > gap.last:
                    break
                filled += _put(writing, table, row)
        except apsw.Error:
            continue
    return filled
