"""What `update.sh` asks of the databases, on a real box's."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from appliance.adapters.store import schema, snapshots
from appliance.adapters.store.erasures import Erasures
from appliance.adapters.store.stores import open_stores
from appliance.core.errors import NotFound, Refused, Unreachable, WrongConfiguration
from appliance.core.ids import AttemptId, ExamId
from appliance.processes.erased_state import belongings
from appliance.services.tombstones import destroy
from tests.support.box import SETTINGS, running_box


@pytest.fixture
def databases(made: Path, tmp_path: Path) -> Path:
    """Of a box of this test's own."""
    return shutil.copytree(made, tmp_path / "box" / "state") / "db"


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


_LATER = "INSERT INTO schema_migrations VALUES (9999, 'of a later version')"
_ENTRY = "INSERT INTO entries VALUES (7, 1, 'anna', '{action}', 'why', 'what', x'00', x'00')"
_USER = "INSERT INTO users VALUES ('u{0}', 'u{0}', x'7b7d')"


def test_going_back_never_loses_an_exam(databases: Path, tmp_path: Path) -> None:
    snapshots.make(databases, tmp_path / "taken")
    exam = _EXAM.format(id="a" * 32, state="closed", starts_at="")
    _change(databases / "box.db", _LATER, exam)
    with pytest.raises(Refused, match=r"table exams\): going back would lose"):
        snapshots.restore(databases, tmp_path / "taken")
    assert schema.row_counts(databases / "box.db")["exams"] == 1


def test_going_back_leaves_a_database_that_fits(databases: Path, tmp_path: Path) -> None:
    """The audit log keeps what was done under the later version."""
    snapshots.make(databases, tmp_path / "taken")
    before = schema.row_counts(databases / "audit.db")["entries"]
    _change(databases / "audit.db", _ENTRY.format(action="login"))
    _change(databases / "box.db", _LATER)
    snapshots.restore(databases, tmp_path / "taken")
    assert snapshots.fits(databases)
    assert schema.row_counts(databases / "audit.db")["entries"] == before + 1


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("audit", [_ENTRY.format(action="login")]),
        ("identities", ["INSERT INTO identities VALUES ('a', x'00')"]),
        ("box", [_USER.format(2)]),
        ("box", ["DELETE FROM users WHERE user_id = 'u1'"]),
        ("box", ["DELETE FROM users WHERE user_id = 'u1'", _USER.format(2)]),
    ],
)
def test_going_back_neither_loses_nor_revives_a_row(
    databases: Path, tmp_path: Path, name: str, act: list[str]
) -> None:
    _change(databases / "box.db", _USER.format(1))
    snapshots.make(databases, tmp_path / "taken")
    _change(databases / f"{name}.db", _LATER, *act)
    _change(databases / "box.db", *([] if name == "box" else [_LATER]))
    before = {other: (databases / f"{other}.db").read_bytes() for other in snapshots.DATABASES}
    with pytest.raises(Refused, match="has worked since"):
        snapshots.restore(databases, tmp_path / "taken")
    for other, content in before.items():
        assert (databases / f"{other}.db").read_bytes() == content


def test_going_back_does_not_revive_a_passphrase(databases: Path, tmp_path: Path) -> None:
    snapshots.make(databases, tmp_path / "taken")
    _change(databases / "box.db", _LATER)
    _change(databases / "audit.db", _ENTRY.format(action="passphrase-change"))
    with pytest.raises(Refused, match="passphrase or second factor"):
        snapshots.restore(databases, tmp_path / "taken")


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
    assert await asyncio.to_thread(lambda: list(kept.iterdir())) == []


async def test_an_erasure_that_cannot_take_the_copies_leaves_its_rows(databases: Path) -> None:
    """And says which: it would otherwise be certified while a copy still holds them."""
    attempt = AttemptId("c" * 32)
    _change(databases / "box.db", f"INSERT INTO earlier_pages VALUES ('t', '{attempt}', 1)")
    copies = databases.parent / "snapshots"
    copies.touch()  # no directory: what root would leave there cannot be tried as root
    stores = await asyncio.to_thread(open_stores, databases.parent)
    try:
        erasures = Erasures(stores.box, snapshots=copies)
        with pytest.raises(Unreachable, match=str(copies)):
            await erasures.purge_rows(attempt)
        copies.unlink()
        copies.mkdir()
        (copies / "before-2").mkdir()
        assert await erasures.purge_rows(attempt) == 1
        assert list(copies.iterdir()) == []
        assert await erasures.purge_rows(attempt) == 0
    finally:
        await stores.close()


async def test_a_replay_leaves_the_copies_for_later_and_remembers_that(databases: Path) -> None:
    """An exam does not wait for them, nor does what is shown."""
    attempt = AttemptId("c" * 32)
    _change(databases / "box.db", f"INSERT INTO earlier_pages VALUES ('t', '{attempt}', 1)")
    copies = databases.parent / "snapshots"
    copies.touch()
    stores = await asyncio.to_thread(open_stores, databases.parent)
    try:
        erasures = Erasures(stores.box, snapshots=copies)
        assert await erasures.purge_rows(attempt, copies_later=True) == 1
        assert await Erasures(stores.box, snapshots=copies).copies_left()
        copies.unlink()
        (copies / "before-2").mkdir(parents=True)
        assert not await erasures.copies_left()
        assert list(copies.iterdir()) == []
    finally:
        await stores.close()
