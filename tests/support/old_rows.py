"""A row in every table of a database, whatever its schema: what an old box has in it.

The values fit the columns' types and the checks; texts are ids or words, so that a row can be known
again after an upgrade. Tables of the schema, not ours, say what there is: a new table is filled
without a line here.
"""

from __future__ import annotations

from typing import Any

import apsw

Rows = dict[str, list[dict[str, Any]]]

# Where a check or a reference asks for one value out of a few.
_GIVEN: dict[tuple[str, str], Any] = {("packs", "state"): "uploaded"}
# A row of the first table stands before a row of the second.
_PARENTS = {
    ("snippets", "object"): ("objects", "name"),
    ("pack_objects", "pack"): ("packs", "number"),
    ("envelopes", "attempt_id"): ("epochs", "attempt_id"),
    ("envelopes", "epoch"): ("epochs", "epoch"),
}


def tables(connection: apsw.Connection) -> list[str]:
    """Those that others refer to first."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name <> 'schema_migrations' ORDER BY name"
    )
    parents = {parent for parent, _ in _PARENTS.values()}
    return sorted((str(name) for (name,) in rows), key=lambda name: name not in parents)


def columns(connection: apsw.Connection, table: str) -> dict[str, str]:
    """Type by name."""
    rows = connection.execute(f'SELECT name, type FROM pragma_table_info("{table}")')
    return {str(name): str(kind) for name, kind in rows}


def fill(connection: apsw.Connection, count: int = 3) -> Rows:
    """Put `count` rows into every table; return what was put."""
    put: Rows = {}
    connection.execute("SAVEPOINT fill")
    for table in tables(connection):
        for number in range(1, count + 1):
            row = {
                name: _value(put, table, name, kind, number)
                for name, kind in columns(connection, table).items()
            }
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values())
            )
            put.setdefault(table, []).append(row)
    connection.execute("RELEASE fill")
    return put


def _value(put: Rows, table: str, name: str, kind: str, number: int) -> Any:
    if (table, name) in _PARENTS:
        parent, column = _PARENTS[table, name]
        return put[parent][number - 1][column]
    if (table, name) in _GIVEN:
        return _GIVEN[table, name]
    if kind == "TEXT":
        return f"{table}-{name}-{number}"
    if kind == "BLOB":
        return b'{"number":%d}' % number
    return float(number) if kind == "REAL" else number


def missing(connection: apsw.Connection, put: Rows) -> list[str]:
    """What of `put` is not there any more, column by column; new columns are not asked for."""
    lost = []
    for table, rows in put.items():
        there = set(tables(connection))
        if table not in there:
            lost.append(f"the table {table}")
            continue
        for row in rows:
            known = {n: v for n, v in row.items() if n in columns(connection, table)}
            lost += [f"the column {table}.{n}" for n in row.keys() - known.keys()]
            where = " AND ".join(f"{name} IS ?" for name in known)
            found = connection.execute(
                f"SELECT count(*) FROM {table} WHERE {where}", tuple(known.values())
            ).get
            if found != 1:
                lost.append(f"a row of {table}")
    return lost
