"""Rows for people who look after the fact: databases opened read-only, beside a running box or
without one. Nothing is created, migrated or locked for writing, so that even a database that was
tampered with stays as it was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import apsw

from appliance.adapters.store.failures import translate
from appliance.core.audit import AuditEntry
from appliance.core.errors import NotFound
from appliance.core.ids import ExamId

T = TypeVar("T")

_BUSY_TIMEOUT_MS = 10_000


def read_audit(state: Path) -> Sequence[AuditEntry]:
    """All entries by number; raise NotFound, or IntegrityFailure for a damaged file."""
    return _read(
        state / "db" / "audit.db",
        lambda connection: [
            AuditEntry(
                sequence=row[0], at_ms=row[1], actor=row[2], action=row[3], purpose=row[4],
                about=row[5], previous=row[6], hash=row[7],
            )
            for row in connection.execute(
                "SELECT sequence, at_ms, actor, action, purpose, about, previous, hash "
                "FROM entries ORDER BY sequence"
            )
        ],
    )  # fmt: skip


def pseudonyms_of_exam(state: Path, exam: ExamId) -> frozenset[str]:
    """The ids of an exam, its attempts and its incidents, as audit entries name them."""
    statements = (
        "SELECT attempt_id FROM attempts WHERE exam_id = ?",
        "SELECT incident_id FROM incidents WHERE exam_id = ?",
    )
    return _read(
        state / "db" / "box.db",
        lambda connection: frozenset({str(exam)}).union(
            row[0] for sql in statements for row in connection.execute(sql, (exam,))
        ),
    )


def _read(path: Path, work: Callable[[apsw.Connection], T]) -> T:
    if not path.exists():
        raise NotFound(f"There is no database {path}: name the box's directory with --state.")
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            return work(connection)
        finally:
            connection.close()
    except apsw.Error as error:
        raise translate(error, path) from error
