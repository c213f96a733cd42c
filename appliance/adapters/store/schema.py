"""How a database file comes to be, is opened, and is brought up to this version.

Migrations are numbered SQL files (`0001_exams.sql`) in a folder per database. Each is applied
once, in the order of the numbers, and recorded in `schema_migrations`; all that a start applies
are one transaction. A file that has a number unknown here was written by a newer version and is
left untouched.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import apsw

from appliance.adapters.store.failures import damaged, missing, translate
from appliance.core.errors import WrongConfiguration
from appliance.shared_data import file_mode, make_directory

# Up to 3.51.2 a WAL reset can corrupt a database (https://sqlite.org/wal.html, "WAL-reset bug").
_SOUND_SQLITE = (3, 51, 3)
_BUSY_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


def engine_version() -> tuple[int, ...]:
    """Of the SQLite that this process uses."""
    return tuple(map(int, apsw.sqlite_lib_version().split(".")))


def migrations_in(folder: str) -> tuple[Migration, ...]:
    """The migrations of one database, in order. Two files with one number are refused."""
    found = []
    for file in (resources.files(__package__) / "migrations" / folder).iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.number)
    numbers = [migration.number for migration in found]
    if len(set(numbers)) != len(numbers):
        raise WrongConfiguration(f"Two migrations of {folder} have the same number.")
    return tuple(found)


def create(path: Path, folder: str) -> None:
    """Make a new database where there is no file; otherwise do nothing.

    It is built under another name and linked into place when complete. So an empty or cut file
    at `path` is never a new database, always a damaged one, and nothing starts empty over it.
    """
    if path.exists():
        return
    if path.with_name(f"{path.name}-wal").exists():
        raise damaged(path)
    make_directory(path.parent)
    building = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    make_empty(building)
    try:
        connection = _connection(building)
        try:
            migrate(connection, folder)
        finally:
            connection.close()  # the last connection moves the log into the file and removes it
        try:
            os.link(building, path)
        except FileExistsError:
            return  # another process of the box was faster; its file is as good
    finally:
        for leftover in path.parent.glob(f"{building.name}*"):
            leftover.unlink()
    _fsync_directory(path.parent)


def make_empty(path: Path) -> None:
    """SQLite gives the files beside it (-wal, -shm) the rights of the database's own."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, file_mode(path.parent)))


def connect(path: Path) -> apsw.Connection:
    """Open an existing database; raise IntegrityFailure when there is none, or its pages do not
    fit together."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise missing(path) from None
    if size == 0:
        raise damaged(path)
    try:
        connection = _connection(path)
        try:
            sound = connection.execute("PRAGMA quick_check(1)").get == "ok"
        except apsw.Error:
            connection.close()
            raise
    except apsw.Error as error:
        raise translate(error, path) from error
    if not sound:
        connection.close()
        raise damaged(path)
    return connection


def count(path: Path, query: str) -> int:
    """The one number that `query` asks for; raise IntegrityFailure for a damaged database."""
    connection = connect(path)
    try:
        return int(connection.execute(query).get)
    finally:
        connection.close()


def row_counts(path: Path) -> dict[str, int]:
    """How many rows each table has."""
    connection = connect(path)
    try:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [str(row[0]) for row in connection.execute(tables)]
        return {n: int(connection.execute(f'SELECT count(*) FROM "{n}"').get) for n in names}
    finally:
        connection.close()


def applied(path: Path) -> set[int]:
    """The numbers of the migrations that a database has."""
    connection = connect(path)
    try:
        rows = connection.execute("SELECT number FROM schema_migrations")
        return {int(number) for (number,) in rows}
    finally:
        connection.close()


def _connection(path: Path) -> apsw.Connection:
    """With the settings that every promise of the store depends on."""
    if engine_version() < _SOUND_SQLITE:
        raise WrongConfiguration(
            f"SQLite {apsw.sqlite_lib_version()} can damage databases: install the version of "
            "apsw that the lock file names."
        )
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("secure_delete", True)
        connection.pragma("foreign_keys", True)
        connection.pragma("trusted_schema", False)
        connection.pragma("cell_size_check", True)
        connection.pragma("temp_store", "memory")
    except BaseException:
        connection.close(True)
        raise
    return connection


def migrate(connection: apsw.Connection, folder: str) -> None:
    """Apply what is missing, in one transaction; raise WrongConfiguration for a newer schema."""
    apply(connection, migrations_in(folder))


def apply(connection: apsw.Connection, known: Sequence[Migration]) -> None:
    """As `migrate`, with these migrations."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations "
            "(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
        )
        applied = {
            number for (number,) in connection.execute("SELECT number FROM schema_migrations")
        }
        if applied - {migration.number for migration in known}:
            raise WrongConfiguration(
                f"The database {Path(connection.filename).name} was written by a newer version "
                "of Hallvakt: install that version."
            )
        for migration in known:
            if migration.number not in applied:
                connection.execute(migration.sql)
                connection.execute(
                    "INSERT INTO schema_migrations VALUES (?, ?)",
                    (migration.number, migration.name),
                )
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
