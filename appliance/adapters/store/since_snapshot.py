"""What a restored snapshot would undo: rows that came or went since it was made."""

from __future__ import annotations

from pathlib import Path

import apsw

from appliance.adapters.store import schema
from appliance.adapters.store.failures import translate

# Sessions, and what the night measures and asks for anew: worth less than a box that runs.
_EPHEMERAL = frozenset({"schema_migrations", "logins", "uploads", "box_facts"})
# Acts that change a user's row and leave its key: going back would take a passphrase back to one
# that may be known to others.
_SECRETS = (
    "SELECT count(*) FROM entries WHERE action IN "
    "('passphrase-change', 'user-reset-second-factor') AND sequence > ?"
)


def changed_tables(before: Path, now: Path) -> list[str]:
    """Names of the tables of `before` that have rows, told by their keys, which `now` has not, or
    the other way round. A row that a later version's migration changed is no difference; a table or
    key that it renamed cannot be compared and is left out."""
    connection = schema.connect(now)
    try:
        connection.execute("ATTACH ? AS earlier", (str(before),))
        tables = connection.execute("SELECT name FROM earlier.sqlite_master WHERE type = 'table'")
        names = sorted(str(name) for (name,) in tables)
        return [
            name
            for name in names
            if name not in _EPHEMERAL
            and not name.startswith("sqlite_")
            and _differs(connection, name)
        ]
    except apsw.Error as error:
        raise translate(error, now) from error
    finally:
        connection.close()


def secrets_changed(before: Path, now: Path) -> bool:
    """Whether the audit log `now` tells of a passphrase or second factor changed after `before`."""
    last = schema.count(before, "SELECT coalesce(max(sequence), 0) FROM entries")
    connection = schema.connect(now)
    try:
        return bool(connection.execute(_SECRETS, (last,)).get)
    except apsw.Error as error:
        raise translate(error, now) from error
    finally:
        connection.close()


def _differs(connection: apsw.Connection, table: str) -> bool:
    wanted = _columns(connection, "earlier", table)
    key = [name for name, place in wanted.items() if place] or list(wanted)
    if not set(key) <= _columns(connection, "main", table).keys():
        return False
    columns = ", ".join(f'"{name}"' for name in key)
    ours, theirs = (f'SELECT {columns} FROM {db}."{table}"' for db in ("main", "earlier"))
    query = f"SELECT EXISTS ({ours} EXCEPT {theirs}) OR EXISTS ({theirs} EXCEPT {ours})"
    return bool(connection.execute(query).get)


def _columns(connection: apsw.Connection, database: str, table: str) -> dict[str, int]:
    """Each column with its place in the primary key, 0 outside it; empty without such a table."""
    rows = connection.execute("SELECT name, pk FROM pragma_table_info(?, ?)", (table, database))
    return {str(name): int(place) for name, place in rows}
