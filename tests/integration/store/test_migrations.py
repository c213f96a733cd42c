"""Every migration of every database: an old file with data in it is loaded, upgraded and checked.

The old files are made by the migrations themselves, up to each number in turn, with rows in every
table there was. So a new migration is tested without a line here; what it means for the rows of its
own tables stands in `MEANT`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from appliance.adapters.store import schema, snapshots
from appliance.adapters.store.database import Database
from tests.support import old_rows

STEPS = [
    (folder, index)
    for folder in snapshots.DATABASES
    for index in range(len(schema.migrations_in(folder)))
]


def _ids(step: tuple[str, int]) -> str:
    folder, index = step
    before = schema.migrations_in(folder)[index - 1].number if index else 0
    return f"{folder}-{before:04d}-to-{schema.migrations_in(folder)[index].number:04d}"


def _old(path: Path, folder: str, steps: int) -> apsw.Connection:
    """At the state of the first `steps` migrations; open."""
    connection = apsw.Connection(str(path))
    connection.pragma("synchronous", "off")
    connection.execute(
        "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
    )
    _apply(connection, folder, 0, steps)
    return connection


def _apply(connection: apsw.Connection, folder: str, first: int, last: int) -> None:
    for step in schema.migrations_in(folder)[first:last]:
        connection.execute(step.sql)
        connection.execute("INSERT INTO schema_migrations VALUES (?, ?)", (step.number, step.name))


def _extra_minutes_are_the_rosters(connection: apsw.Connection) -> None:
    """0401: minutes given before it were all by the roster."""
    rows = connection.execute("SELECT extra_minutes, roster_minutes FROM attempts").fetchall()
    assert rows
    assert all(extra == roster for extra, roster in rows)


def _nobody_s_detectors_are_off(connection: apsw.Connection) -> None:
    """0901"""
    assert {off for (off,) in connection.execute("SELECT switched_off FROM attempts")} == {""}


def _nobody_was_late(connection: apsw.Connection) -> None:
    """0400"""
    assert {at for (at,) in connection.execute("SELECT admitted_late_ms FROM attempts")} == {None}


def _no_last_sequence(connection: apsw.Connection) -> None:
    """0201"""
    assert {n for (n,) in connection.execute("SELECT last_sequence FROM attempts")} == {None}


MEANT: dict[tuple[str, int], Callable[[apsw.Connection], None]] = {
    ("box", 201): _no_last_sequence,
    ("box", 400): _nobody_was_late,
    ("box", 401): _extra_minutes_are_the_rosters,
    ("box", 901): _nobody_s_detectors_are_off,
}


@pytest.mark.parametrize("step", STEPS, ids=_ids)
def test_load_upgrade_and_check_each_migration(step: tuple[str, int], tmp_path: Path) -> None:
    folder, index = step
    path = tmp_path / f"{folder}.db"
    old = _old(path, folder, index)
    rows = old_rows.fill(old)
    assert old_rows.missing(old, rows) == []  # loaded
    _apply(old, folder, index, index + 1)
    meant = MEANT.get((folder, schema.migrations_in(folder)[index].number))
    if meant is not None:
        meant(old)
    old.close()

    asyncio.run(Database(path, migrations=folder).close())  # upgraded, as a start does

    connection = apsw.Connection(str(path))
    assert old_rows.missing(connection, rows) == []
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    numbers = [n for (n,) in connection.execute("SELECT number FROM schema_migrations")]
    assert numbers == [migration.number for migration in schema.migrations_in(folder)]
    _takes_new_rows(connection)
    connection.close()
    before = _content(path)
    asyncio.run(Database(path, migrations=folder).close())  # a second start changes nothing
    assert _content(path) == before


def _takes_new_rows(connection: apsw.Connection) -> None:
    """Every table can still be written, in the shape it has now."""
    connection.execute("BEGIN")
    for table in old_rows.tables(connection):
        if table != "entries":  # the audit log only grows
            connection.execute(f"DELETE FROM {table}")
    if "entries" not in old_rows.tables(connection):
        old_rows.fill(connection)
    connection.execute("ROLLBACK")


def _content(path: Path) -> str:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    digest = hashlib.sha256()
    for table in [*old_rows.tables(connection), "schema_migrations"]:
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid"):
            digest.update(repr(row).encode())
    connection.close()
    return digest.hexdigest()


def test_snapshots_of_several_ages_are_tried(tmp_path: Path) -> None:
    """What an update asks of an old copy, with rows in it: it changes nothing there."""
    for steps in range(1, len(schema.migrations_in("box")) + 1, 4):
        place = tmp_path / str(steps)
        place.mkdir()
        for name in snapshots.DATABASES:
            old = _old(place / f"{name}.db", name, steps)
            old_rows.fill(old)
            old.close()
        before = _content(place / "box.db")
        snapshots.try_out(place)
        assert _content(place / "box.db") == before


def test_a_lost_row_would_be_seen(tmp_path: Path) -> None:
    """The control."""
    connection = _old(tmp_path / "box.db", "box", 3)
    rows = old_rows.fill(connection)
    connection.execute("DELETE FROM users WHERE user_id = 'users-user_id-2'")
    connection.execute("UPDATE exams SET code = 'other' WHERE exam_id = 'exams-exam_id-1'")
    connection.execute("DROP TABLE logins")
    assert old_rows.missing(connection, rows) == [
        "a row of exams", "the table logins", "a row of users",
    ]  # fmt: skip
    connection.close()
