"""Rows that a damaged page took with it, made again from what else is known."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from appliance.adapters.store.database import Database
from appliance.adapters.store.snippets import insert_object
from appliance.core.audit import AuditEntry
from appliance.core.ids import ObjectName
from appliance.core.snippet import StoredObject


async def give_objects_rows(database: Database, there: Sequence[StoredObject]) -> int:
    """`there` is what lies on the disk. An object whose snippet or pack is known by its name gets
    its row back; others are for `services.orphans` to judge. What hangs on a row that is gone for
    good goes with it. Return how many got one."""

    def insert(connection: apsw.Connection) -> int:
        known = {
            name
            for (name,) in connection.execute(
                "SELECT object FROM snippets UNION SELECT object FROM pack_objects"
            )
        }
        rows = {name for (name,) in connection.execute("SELECT name FROM objects")}
        missing = [one for one in there if one.name in known - rows]
        for stored in missing:
            insert_object(connection, stored)
        connection.execute(
            "INSERT OR IGNORE INTO epochs (exam_id, attempt_id, epoch) "
            "SELECT DISTINCT exam_id, attempt_id, epoch FROM envelopes"
        )
        connection.execute("DELETE FROM snippets WHERE object NOT IN (SELECT name FROM objects)")
        connection.execute("DELETE FROM pack_objects WHERE pack NOT IN (SELECT number FROM packs)")
        return len(missing)

    return await database.run(insert)


async def unplan(database: Database, damaged: ObjectName) -> None:
    """Packs that were to hold `damaged` and are not sent yet are planned anew, without it."""
    await database.run(
        lambda connection: connection.execute(
            "DELETE FROM packs WHERE state = 'planned' AND manifest IS NULL AND number IN "
            "(SELECT pack FROM pack_objects WHERE object = ?)",
            (damaged,),
        )
    )


async def settle_exams(database: Database, entries: Sequence[AuditEntry]) -> int:
    """An exam's row may have come from a snapshot of before its close. What the audit log says was
    closed is closed. Return how many were."""
    closed = {e.about: e.at_ms for e in entries if e.action == "close-report"}

    def update(connection: apsw.Connection) -> int:
        done = 0
        for exam, at_ms in closed.items():
            connection.execute(
                "UPDATE exams SET state = 'closed', closed_ms = coalesce(closed_ms, ?) "
                "WHERE exam_id = ? AND state IN ('draft', 'ready', 'open', 'live')",
                (at_ms, exam),
            )
            done += connection.changes()
        return done

    return await database.run(update)
