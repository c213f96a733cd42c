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
from appliance.adapters.store.since_snapshot import changed_tables, secrets_changed
from appliance.core.errors import NotFound, Refused, WrongConfiguration
from appliance.core.exam import ExamState
from appliance.core.schedule import keeping_alone
from appliance.core.settings import ExamSettings
from appliance.shared_data import make_directory
from appliance.whole_file import unwritable

DATABASES = ("box", "identities", "audit")


def make(databases: Path, into: Path) -> None:
    """Copy every database into the new directory `into`, also while the box runs; raise NoRoom."""
    building = into.with_name(f".{into.name}.making")
    shutil.rmtree(building, ignore_errors=True)
    try:
        make_directory(into.parent)
        make_directory(building)
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
    return not _unfit(databases)


def restore(databases: Path, snapshot: Path) -> None:
    """Put the snapshot in the place of the databases that this version cannot use, and only of
    those; the box must not run. Raise Refused, with nothing changed, when rows came or went in one
    of them since: going back would lose them, or bring back what was taken away."""
    unfit = _unfit(databases)
    for name in unfit:
        before, now = _existing(snapshot, name), databases / f"{name}.db"
        if changed := changed_tables(before, now):
            raise Refused(
                f"The box has worked since the snapshot (table {', '.join(changed)}): going back "
                "would lose that. Stay with this version, or wait for the next."
            )
    audits = _existing(snapshot, "audit"), databases / "audit.db"
    if "box" in unfit and secrets_changed(*audits):
        raise Refused(
            "A passphrase or second factor was changed since the snapshot: going back would bring "
            "the old one back. Stay with this version, or wait for the next."
        )
    for name in unfit:
        _copy(_existing(snapshot, name), databases / f"{name}.db")


def _unfit(databases: Path) -> list[str]:
    unfit = []
    for name in DATABASES:
        known = {migration.number for migration in schema.migrations_in(name)}
        if not schema.applied(databases / f"{name}.db") <= known:
            unfit.append(name)
    return unfit


def _existing(snapshot: Path, name: str) -> Path:
    path = snapshot / f"{name}.db"
    if not path.is_file():
        raise NotFound(f"There is no snapshot of the databases in {snapshot}.")
    return path


def _copy(source: Path, target: Path) -> None:
    """With SQLite's own backup: whole also while the source is written, and into the very file of
    the target, which keeps its owner."""
    if not target.exists():
        schema.make_empty(target)
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
            "within a day. Do this when it is closed. If it was called off, close it, or correct "
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
