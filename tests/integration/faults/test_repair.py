"""A damaged page, database or recording: refused by name, and put together by `hallvakt repair`."""

from __future__ import annotations

import asyncio
import fcntl
import random
import shutil
import sys
from pathlib import Path

import apsw
import pytest

from appliance.adapters.store import snapshots
from appliance.adapters.store.stores import open_stores
from appliance.cli.main import run
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, Refused
from appliance.core.ids import ObjectName
from appliance.core.snippet import ObjectKind
from appliance.processes.repair import Repaired, repair
from tests.support.box import ROOT, clean_environment
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.invariants import Kept, check, objects_in, opened

PAGE = 4096


async def _box(state: Path, *, snapshot: bool) -> ClosedExam:
    made = await closed_exam(state, CloudConfig(objects="none"), candidates=2, snippets=8)
    async with opened(state) as stores:
        for n in range(40):
            await stores.audit.append("box", "looked", "test", f"{n:032x}")
    if snapshot:
        await asyncio.to_thread(snapshots.make, state / "db", state / "snapshots" / "night")
    return made


def _kept(made: ClosedExam) -> Kept:
    kept = Kept()
    for (attempt, kind, sequence), content in made.plain.items():
        if kind is ObjectKind.SNIPPET:
            kept.promise(attempt, sequence, content)
    return kept


def _harm(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(b"\xa5" * PAGE)


def _unusable(state: Path) -> str:
    """What the box says when it is started; empty when it starts."""
    try:
        asyncio.run(open_stores(state).close())
    except IntegrityFailure as error:
        return error.message
    return ""


async def _every_page(
    tmp_path: Path, name: str, pages: list[int], *, snapshot: bool
) -> list[Repaired]:
    made = await _box(tmp_path / "whole", snapshot=snapshot)
    done = []
    for page in pages:
        state = tmp_path / f"{name}-{page}"
        await asyncio.to_thread(shutil.copytree, made.state, state)
        kept = _kept(made) if snapshot else Kept()
        kept.seen = set(objects_in(state))
        await asyncio.to_thread(_harm, state / "db" / f"{name}.db", page)
        said = await asyncio.to_thread(_unusable, state)
        if not said:  # a page that holds nothing
            await asyncio.to_thread(shutil.rmtree, state)
            continue
        assert f"{name}.db is damaged" in said
        assert "hallvakt repair" in said
        found = await repair(state)
        assert list(found.databases) == [name]
        assert (found.kept[name] / f"{name}.db").stat().st_size > 0
        await check(state, kept, settled=True, reviewer=made.reviewer)
        assert (await repair(state)).databases == {}  # done once
        done.append(found)
        await asyncio.to_thread(shutil.rmtree, state)
    return done


def _pages(path: Path) -> int:
    return path.stat().st_size // PAGE


@pytest.mark.parametrize("snapshot", [True, False])
async def test_some_pages_of_the_box_database(tmp_path: Path, snapshot: bool) -> None:
    """Also the first one, in which the list of tables stands; that one needs a snapshot."""
    pages = random.Random(5).sample(range(1, 60), 5) + ([0] if snapshot else [])
    done = await _every_page(tmp_path, "box", pages, snapshot=snapshot)
    assert len(done) >= 2


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize("name", ["box", "identities"])
async def test_every_page(tmp_path: Path, name: str, snapshot: bool) -> None:
    made = await _box(tmp_path / "measured", snapshot=False)
    count = await asyncio.to_thread(_pages, made.state / "db" / f"{name}.db")
    await _every_page(tmp_path, name, list(range(int(not snapshot), count)), snapshot=snapshot)


@pytest.mark.parametrize(
    ("from_end", "snapshot", "named"),
    [
        (1, False, "what came after entry"),
        (2, False, "is missing"),
        (2, True, ""),  # filled, and the chain proves it
    ],
)
async def test_a_gap_in_the_audit_log_is_named(
    tmp_path: Path, from_end: int, snapshot: bool, named: str
) -> None:
    made = await _box(tmp_path / "box", snapshot=snapshot)
    log = made.state / "db" / "audit.db"
    await asyncio.to_thread(_harm, log, await asyncio.to_thread(_pages, log) - from_end)
    found = await repair(made.state)
    assert found.whole is (not named)
    assert named in (found.audit_gap or "")
    if not named:
        await check(made.state, _kept(made), settled=True)


async def test_a_damaged_index_costs_nothing(tmp_path: Path) -> None:
    made = await _box(tmp_path / "box", snapshot=False)
    database = made.state / "db" / "box.db"
    page = await asyncio.to_thread(_root_of, database, "objects_of_attempt")
    await asyncio.to_thread(_harm, database, page - 1)
    found = await repair(made.state)
    assert found.databases["box"].whole
    await check(made.state, _kept(made), settled=True, reviewer=made.reviewer)


def _root_of(path: Path, name: str) -> int:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(
            connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).get
        )
    finally:
        connection.close()


async def test_recordings_get_their_rows_back_from_their_headers(tmp_path: Path) -> None:
    """The table of objects is gone as a whole, and there is no snapshot."""
    made = await _box(tmp_path / "box", snapshot=False)
    database = made.state / "db" / "box.db"
    await asyncio.to_thread(
        _harm, database, await asyncio.to_thread(_root_of, database, "objects") - 1
    )
    found = await repair(made.state)
    assert found.rows_again == 16  # the snippets; what is made once is adopted, thumbnails wait
    await check(made.state, _kept(made), settled=True, reviewer=made.reviewer)
    async with opened(made.state) as stores:
        for attempt in made.attempts:
            kinds = {o.header.kind for o in await stores.snippets.objects(attempt)}
            assert {ObjectKind.SNIPPET, ObjectKind.PORTRAIT, ObjectKind.RECORD} <= kinds


async def test_nothing_starts_empty(tmp_path: Path) -> None:
    made = await _box(tmp_path / "box", snapshot=False)
    database = made.state / "db" / "box.db"
    whole = await asyncio.to_thread(database.read_bytes)
    await asyncio.to_thread(database.write_bytes, b"\xa5" * len(whole))
    for _ in range(2):
        with pytest.raises(IntegrityFailure, match="restore the last backup"):
            await repair(made.state)
    assert await asyncio.to_thread(database.read_bytes) == b"\xa5" * len(whole)
    await asyncio.to_thread(database.unlink)
    with pytest.raises(IntegrityFailure, match="restore the last backup"):
        await repair(made.state)
    assert not database.exists()


async def test_a_damaged_recording_is_named_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await _box(tmp_path / "box", snapshot=False)
    async with opened(made.state) as stores:
        row = await stores.snippets.snippet(made.attempts[0], 2)
        gone = await stores.snippets.snippet(made.attempts[1], 3)
    assert row is not None
    assert gone is not None
    harmed = _blob(made.state, row.stored.name)
    content = await asyncio.to_thread(harmed.read_bytes)
    await asyncio.to_thread(harmed.write_bytes, content[:-1] + bytes([content[-1] ^ 1]))
    await asyncio.to_thread(_blob(made.state, gone.stored.name).unlink)
    code = await asyncio.to_thread(run, ["repair", "--state", str(made.state)])
    out, err = capsys.readouterr()
    assert code == 6
    assert f"snippet 2 of attempt {made.attempts[0]}" in out
    assert f"snippet 3 of attempt {made.attempts[1]}" in out
    assert "Something is or may be lost" in err
    assert harmed.exists()
    kept = _kept(made)
    for attempt, number in ((made.attempts[0], 2), (made.attempts[1], 3)):
        del kept.acknowledged[attempt, number]
    await check(made.state, kept, settled=True, reviewer=made.reviewer)
    assert await asyncio.to_thread(run, ["repair", "--state", str(made.state)]) == 0


def _blob(state: Path, name: ObjectName) -> Path:
    return state / "blobs" / name[:2] / name


async def test_a_running_box_is_not_repaired(tmp_path: Path) -> None:
    made = await _box(tmp_path / "box", snapshot=False)
    with await asyncio.to_thread((made.state / "run" / "gateway.lock").open, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="stop it first"):
            await repair(made.state)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
async def test_a_repair_that_was_cut_off_goes_on_from_its_copy(tmp_path: Path) -> None:
    """Killed where the old database is gone and the new one is not yet in its place."""
    made = await _box(tmp_path / "box", snapshot=True)
    await asyncio.to_thread(_harm, made.state / "db" / "box.db", 0)
    killed = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=rename"]
    killed += ["-e", "inject=rename:signal=SIGKILL:when=1", sys.executable, "-m"]
    process = await asyncio.create_subprocess_exec(
        *killed, "appliance.cli.main", "repair", "--state", str(made.state),
        cwd=ROOT, env=clean_environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert await process.wait() != 0
    assert "box.db is missing" in await asyncio.to_thread(_unusable, made.state)
    await repair(made.state)
    await check(made.state, _kept(made), settled=True, reviewer=made.reviewer)
    async with opened(made.state) as stores:
        assert len(await stores.exams.all()) == 1
