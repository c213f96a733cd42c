"""Copies of a box's databases that are whole at one moment, and what an update asks of them."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import apsw
import msgspec

from appliance.adapters.store import schema
from appliance.adapters.store.failures import translate
from appliance.core.errors import NotFound, Refused, WrongConfiguration
from appliance.core.exam import ExamState
from appliance.core.schedule import keeping_alone
from appliance.core.settings import ExamSettings
from appliance.whole_file import unwritable

DATABASES = ("box", "identities", "audit")
# Whatever a box has taken in since: rows that a restore would lose.
_GROWS = ("SELECT count(*) FROM exams", "SELECT count(*) FROM snippets")


def make(databases: Path, into: Path) -> None:
    """Copy every database into the new directory `into`, also while the box runs; raise NoRoom."""
    building = into.with_name(f".{into.name}.making")
    shutil.rmtree(building, ignore_errors=True)
    try:
        building.mkdir(parents=True, mode=0o700)
        for name in DATABASES:
            _copy(databases / f"{name}.db", building / f"{name}.db")
        shutil.rmtree(into, ignore_errors=True)  # an earlier one, only now that this one is whole
        building.rename(into)
    except OSError as error:
        raise unwritable(into, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def try_out(snapshot: Path) -> None:
    """Bring copies of the snapshot up to this version; raise what that raises. Changes nothing."""
    with tempfile.TemporaryDirectory(prefix="hallvakt-try-") as place:
        for name in DATABASES:
            copy = Path(place) / f"{name}.db"
            shutil.copyfile(_existing(snapshot, name), copy)
            connection = schema.connect(copy)
            try:
                schema.migrate(connection, name)
            finally:
                connection.close()


def fits(databases: Path) -> bool:
    """Whether this version knows every migration that the databases have."""
    for name in DATABASES:
        known = {migration.number for migration in schema.migrations_in(name)}
        if not schema.applied(databases / f"{name}.db") <= known:
            return False
    return True


def restore(databases: Path, snapshot: Path) -> None:
    """Put the snapshot in the databases' place; the box must not run. Raise Refused when the box
    has taken something in since: going back would lose it."""
    before, now = _existing(snapshot, "box"), databases / "box.db"
    if any(schema.count(now, query) > schema.count(before, query) for query in _GROWS):
        raise Refused(
            "Exams were made or recorded since the snapshot: going back would lose them. Let them "
            "be synced and purged first, or wait for the next version."
        )
    for name in DATABASES:
        _copy(_existing(snapshot, name), databases / f"{name}.db")


def _existing(snapshot: Path, name: str) -> Path:
    path = snapshot / f"{name}.db"
    if not path.is_file():
        raise NotFound(f"There is no snapshot of the databases in {snapshot}.")
    return path


def _copy(source: Path, target: Path) -> None:
    """With SQLite's own backup: whole also while the source is written, and into the very file of
    the target, which keeps its owner."""
    reading = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    writing = apsw.Connection(str(target))
    try:
        with writing.backup("main", reading, "main") as backup:
            while not backup.done:
                backup.step()
    except apsw.Error as error:
        raise translate(error, source) from error
    finally:
        writing.close()
        reading.close()


def quiet(databases: Path, now: datetime) -> None:
    """Raise Refused while an exam is ready, open or live, or is planned to start within a day of
    `now` (with a time zone)."""
    if not (databases / "box.db").exists():
        raise WrongConfiguration(f"There is no box's database in {databases}.")
    near = keeping_alone(_exams(databases / "box.db"), now)
    if near:
        named = ", ".join(
            f"{title} ({start:%Y-%m-%d %H:%M})" if start else title for title, start in near
        )
        raise Refused(
            f"The box is left alone for {named}: an exam that is ready, open or live, or begins "
            "within a day. Update when it is closed. If it was called off, close it, or correct "
            "its starts_at."
        )


def _exams(database: Path) -> list[tuple[ExamState, ExamSettings]]:
    connection = schema.connect(database)
    try:
        rows: list[tuple[str, bytes]] = list(
            connection.execute("SELECT state, settings FROM exams")
        )
    except apsw.Error as error:
        raise translate(error, database) from error
    finally:
        connection.close()
    return [
        (ExamState(str(state)), msgspec.json.decode(settings, type=ExamSettings))
        for state, settings in rows
    ]
