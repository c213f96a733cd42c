"""One database file: what it refuses to open, how writers share it, how it is upgraded."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import apsw
import pytest

from appliance.adapters.store import schema
from appliance.adapters.store.database import Database
from appliance.adapters.store.stores import open_stores
from appliance.core.errors import (
    Conflict,
    HallvaktError,
    IntegrityFailure,
    Unreachable,
    WrongConfiguration,
)

FOLDERS = ("box", "identities", "audit")


def opened(path: Path) -> Database:
    return Database(path, migrations="audit")


async def closed(path: Path) -> None:
    await (await asyncio.to_thread(opened, path)).close()


def count(connection: apsw.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM entries").get)


def add(connection: apsw.Connection, n: int) -> None:
    row = (n, 0, "", "", "", "", b"", b"")
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


# --- migrations ------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_step_of_the_migrations_can_be_upgraded_from(folder: str, tmp_path: Path) -> None:
    """A file at each older schema, with the migrations up to there, comes out as a new file is."""
    steps = schema.migrations_in(folder)
    asyncio.run(Database(tmp_path / "new.db", migrations=folder).close())
    expected = _schema_of(tmp_path / "new.db")
    for applied in range(len(steps)):
        path = tmp_path / f"old-{applied}.db"
        connection = apsw.Connection(str(path))
        connection.execute("CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT)")
        for step in steps[:applied]:
            connection.execute(step.sql)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?)", (step.number, step.name)
            )
        connection.close()
        asyncio.run(Database(path, migrations=folder).close())
        assert _schema_of(path) == expected


def _schema_of(path: Path) -> set[tuple[str, str]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' "
        "AND name <> 'schema_migrations'"
    )
    found = {(str(name), str(sql)) for name, sql in rows}
    connection.close()
    return found


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    await closed(path)
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO schema_migrations VALUES (9999, 'from the future')")
    connection.close()
    before = await asyncio.to_thread(path.read_bytes)
    with pytest.raises(WrongConfiguration, match="newer version"):
        await asyncio.to_thread(opened, path)
    assert await asyncio.to_thread(path.read_bytes) == before


async def test_a_migration_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    await closed(path)
    known = await asyncio.to_thread(schema.migrations_in, "audit")
    steps = (*known, schema.Migration(2, "bad", "CREATE TABLE x (y); ?"))
    connection = apsw.Connection(str(path))
    with pytest.raises(apsw.Error):
        schema.apply(connection, steps)
    connection.close()
    assert not any(name == "x" for name, _ in _schema_of(path))


# --- never empty over a damaged file -----------------------------------------------------------


@pytest.mark.parametrize("damage", ["emptied", "cut", "overwritten", "not a database"])
async def test_a_damaged_file_is_refused_and_kept(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    database = await asyncio.to_thread(opened, path)
    for n in range(200):
        await database.run(lambda connection, n=n: add(connection, n))  # type: ignore[misc]
    await database.close()

    def harm() -> bytes:
        content = path.read_bytes()
        harmed = {
            "emptied": b"",
            "cut": content[: len(content) // 2],
            "overwritten": content[:4096] + b"\xa5" * 4096 + content[8192:],
            "not a database": b"#!/bin/sh\n" * 1000,
        }[damage]
        path.write_bytes(harmed)
        return harmed

    harmed = await asyncio.to_thread(harm)
    with pytest.raises(IntegrityFailure, match="damaged"):
        await asyncio.to_thread(opened, path)
    assert await asyncio.to_thread(path.read_bytes) == harmed


async def test_a_missing_database_beside_others_or_beside_blobs_is_refused(tmp_path: Path) -> None:
    stores = await asyncio.to_thread(open_stores, tmp_path)
    await stores.close()
    (tmp_path / "db" / "identities.db").unlink()
    with pytest.raises(IntegrityFailure, match=r"identities\.db is missing"):
        await asyncio.to_thread(open_stores, tmp_path)
    (tmp_path / "db" / "box.db").unlink()
    (tmp_path / "blobs" / "ab").mkdir(parents=True)
    with pytest.raises(IntegrityFailure, match="missing"):
        await asyncio.to_thread(open_stores, tmp_path)


async def test_where_a_box_is_no_database_is_made_anew(tmp_path: Path) -> None:
    """Also between exams, when no recording lies there: its people and exams were in it."""
    stores = await asyncio.to_thread(open_stores, tmp_path)
    await stores.close()
    (tmp_path / "box.toml").touch()
    for name in ("box", "identities", "audit"):
        (tmp_path / "db" / f"{name}.db").unlink()
        with pytest.raises(IntegrityFailure, match=r"missing.*hallvakt repair"):
            await asyncio.to_thread(open_stores, tmp_path)
        with pytest.raises(IntegrityFailure, match=rf"{name}\.db is missing.*hallvakt repair"):
            await asyncio.to_thread(schema.connect, tmp_path / "db" / f"{name}.db")
    assert await asyncio.to_thread(os.listdir, tmp_path / "db") == []


async def test_many_processes_may_make_a_new_database_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    made = await asyncio.gather(*(asyncio.to_thread(opened, path) for _ in range(6)))
    for n, database in enumerate(made):
        await database.run(lambda connection, n=n: add(connection, n))  # type: ignore[misc]
    assert await made[0].read(count) == 6
    for database in made:
        await database.close()
    assert await asyncio.to_thread(os.listdir, tmp_path) == ["audit.db"]


# --- jobs --------------------------------------------------------------------------------------


async def test_a_job_that_fails_takes_nothing_of_its_neighbours_with_it(tmp_path: Path) -> None:
    database = await asyncio.to_thread(opened, tmp_path / "audit.db")
    gate = threading.Event()

    def refuse(connection: apsw.Connection) -> None:
        add(connection, 100)
        raise Conflict("no")

    # The first job holds the thread, so that the others wait and share one transaction.
    first = asyncio.ensure_future(database.read(lambda _: gate.wait(60)))
    jobs = [
        database.run(lambda connection: add(connection, 1)),
        database.run(refuse),
        database.run(lambda connection: add(connection, 1)),  # the same number again
        database.run(lambda connection: add(connection, 2)),
    ]
    waiting = [asyncio.ensure_future(job) for job in jobs]
    await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert await first is True
    assert [type(a) for a in answers] == [type(None), Conflict, Unreachable, type(None)]
    assert await database.read(count) == 2
    await database.close()


async def test_waiting_jobs_share_a_commit(tmp_path: Path) -> None:
    database = await asyncio.to_thread(opened, tmp_path / "audit.db")
    commits = 0

    def on_commit() -> bool:
        nonlocal commits
        commits += 1
        return False

    gate = threading.Event()

    def hold(connection: apsw.Connection) -> None:
        connection.set_commit_hook(on_commit)
        gate.wait(60)

    first = asyncio.ensure_future(database.read(hold))
    waiting = [
        asyncio.ensure_future(database.run(lambda connection, n=n: add(connection, n)))  # type: ignore[misc]
        for n in range(1, 51)
    ]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *waiting)
    assert await database.read(count) == 50
    # The held job's own group may have taken none or some; never one commit per write.
    assert commits <= 3
    await database.close()


async def test_a_caller_that_gives_up_disturbs_nobody(tmp_path: Path) -> None:
    database = await asyncio.to_thread(opened, tmp_path / "audit.db")
    gate = threading.Event()
    held = asyncio.ensure_future(database.read(lambda _: gate.wait(60)))
    impatient = asyncio.ensure_future(database.run(lambda connection: add(connection, 1)))
    await asyncio.sleep(0)
    impatient.cancel()
    gate.set()
    await held
    await database.run(lambda connection: add(connection, 2))
    assert await database.read(count) == 2  # what was handed over is done
    await database.close()
    with pytest.raises(Unreachable, match="closed"):
        await database.read(count)


async def test_the_connection_keeps_its_promises(tmp_path: Path) -> None:
    database = await asyncio.to_thread(opened, tmp_path / "audit.db")
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
    for name, value in expected.items():
        found = await database.read(lambda connection, name=name: connection.pragma(name))  # type: ignore[misc]
        assert found == value, name
    mode = (await asyncio.to_thread(database.path.stat)).st_mode & 0o777
    assert mode == 0o600
    await database.close()


async def test_after_a_failed_write_the_database_takes_nothing_more(tmp_path: Path) -> None:
    database = await asyncio.to_thread(opened, tmp_path / "audit.db")
    await database.run(lambda connection: add(connection, 1))

    def fail(connection: apsw.Connection) -> None:
        raise apsw.IOError("fsync")

    for work in (fail, lambda connection: add(connection, 2)):
        with pytest.raises(Unreachable, match="check the disk"):
            await database.run(work)
    assert await database.read(count) == 1  # what it has can be seen until the box is stopped
    await database.close()
    again = await asyncio.to_thread(opened, tmp_path / "audit.db")
    assert await again.read(count) == 1
    await again.close()


@pytest.mark.parametrize("kind", [apsw.FullError, apsw.IOError])
async def test_a_failed_write_takes_no_read_with_it(tmp_path: Path, kind: type[apsw.Error]) -> None:
    database = await asyncio.to_thread(opened, tmp_path / "audit.db")
    await database.run(lambda connection: add(connection, 1))

    def fail(connection: apsw.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite does by itself
        raise kind("while writing")

    under_way, gate = threading.Event(), threading.Event()

    def hold(_: apsw.Connection) -> bool:
        under_way.set()
        return gate.wait(60)

    held = asyncio.ensure_future(database.read(hold))
    assert await asyncio.to_thread(under_way.wait, 60)  # all of these wait for the next transaction
    added = asyncio.ensure_future(database.run(lambda connection: add(connection, 2)))
    between = asyncio.ensure_future(database.read(count))
    failed = asyncio.ensure_future(database.run(fail))
    after = asyncio.ensure_future(database.read(count))
    await asyncio.sleep(0)
    gate.set()
    assert (await held, await between, await after) == (True, 1, 1)
    for write in (added, failed):
        with pytest.raises(HallvaktError):
            await write
    await database.close()
