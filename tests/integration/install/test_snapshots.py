"""What `update.sh` asks of the databases, on a real box's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from appliance.adapters.store import schema, snapshots
from appliance.adapters.store.stores import open_stores
from appliance.core.errors import NotFound, Refused, WrongConfiguration
from appliance.core.ids import ExamId
from appliance.processes.erased_state import belongings
from appliance.services.tombstones import destroy
from tests.support.box import SETTINGS, RealBox, free_port, running_box


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    box = RealBox(tmp_path / "box", free_port())
    box.make()
    return box.state / "db"


def _change(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
_EXAM = (
    "INSERT INTO exams (exam_id, code, state, settings, created_ms) "
    "VALUES ('{id}', '{id}', '{state}', CAST('{{\"title\": \"Matematik\", \"starts_at\": "
    '"{starts_at}", "retention": {{"days": 30}}}}\' AS BLOB), 1)'
)


def test_a_snapshot_is_tried_and_put_back(databases: Path, tmp_path: Path) -> None:
    taken = tmp_path / "snapshots" / "before-2"
    snapshots.make(databases, taken)
    before = schema.row_counts(taken / "box.db")
    snapshots.try_out(taken)
    assert schema.row_counts(taken / "box.db") == before  # it tried itself on a copy
    _change(
        databases / "box.db",
        "CREATE TABLE of_a_later_version (x)",
        "INSERT INTO schema_migrations VALUES (9999, 'of a later version')",
    )
    assert not snapshots.fits(databases)
    snapshots.restore(databases, taken)
    assert snapshots.fits(databases)
    assert "of_a_later_version" not in schema.row_counts(databases / "box.db")


def test_going_back_never_loses_an_exam(databases: Path, tmp_path: Path) -> None:
    snapshots.make(databases, tmp_path / "taken")
    _change(databases / "box.db", _EXAM.format(id="a" * 32, state="closed", starts_at=""))
    with pytest.raises(Refused, match="would lose them"):
        snapshots.restore(databases, tmp_path / "taken")
    assert schema.row_counts(databases / "box.db")["exams"] == 1


@pytest.mark.parametrize("state", ["ready", "open", "live"])
def test_an_exam_that_is_near_keeps_updates_away(databases: Path, state: str) -> None:
    snapshots.quiet(databases, NOW)
    _change(databases / "box.db", _EXAM.format(id="b" * 32, state=state, starts_at=""))
    with pytest.raises(Refused, match="left alone for Matematik"):
        snapshots.quiet(databases, NOW)


def test_an_exam_planned_within_a_day_keeps_updates_away(databases: Path) -> None:
    planned = _EXAM.format(id="b" * 32, state="draft", starts_at="2026-12-02T08:00:00+01:00")
    _change(databases / "box.db", planned)
    snapshots.quiet(databases, NOW - timedelta(hours=2))
    with pytest.raises(Refused, match=r"Matematik \(2026-12-02 08:00\)"):
        snapshots.quiet(databases, NOW)


def test_a_snapshot_that_is_not_there_or_newer_is_said(databases: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        snapshots.try_out(tmp_path)
    snapshots.make(databases, tmp_path / "taken")
    _change(tmp_path / "taken" / "box.db", "INSERT INTO schema_migrations VALUES (9999, 'x')")
    with pytest.raises(WrongConfiguration, match="newer version"):
        snapshots.try_out(tmp_path / "taken")


def test_half_a_snapshot_never_has_the_name_of_a_whole_one(databases: Path, tmp_path: Path) -> None:
    (databases / "audit.db").rename(tmp_path / "elsewhere.db")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "appliance.cli.main", "snapshot", "make"),
            *(str(tmp_path / "taken"), "--state", str(databases.parent)),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert not (tmp_path / "taken").exists()


async def test_an_erased_attempt_is_not_in_a_snapshot_either(tmp_path: Path) -> None:
    """A snapshot holds the envelopes of its day; the first erasure takes it away."""
    async with running_box(tmp_path) as box:
        lead = await box.login()
        exam = await box.new_exam(lead, SETTINGS)
    kept = box.state / "snapshots"
    await asyncio.to_thread(snapshots.make, box.state / "db", kept / "before-2")
    stores = await asyncio.to_thread(open_stores, box.state)
    try:
        (first, *_) = await stores.attempts.of_exam(ExamId(exam.exam))
        everything = await asyncio.to_thread(belongings, box.state, stores)
        assert await destroy(everything, first.attempt_id)
    finally:
        await stores.close()
    assert not await asyncio.to_thread(kept.exists)
