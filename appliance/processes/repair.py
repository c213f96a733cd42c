"""`hallvakt repair`: a box whose disk has lost something, put together from what is left.

The box must not run. Each damaged database is kept as it is and made anew from its readable rows
and the last snapshot (`adapters/store/salvage.py`); rows of objects that stood in a lost page are
made again from the objects' own headers. A row whose object is damaged or gone is taken out and
named, so that the night can send the rest; the object stays on the disk, kept aside. The audit log
says so.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.objects import read_header
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.store import schema
from appliance.adapters.store.lost_rows import give_objects_rows, settle_exams, unplan
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.salvage import Salvaged, salvage
from appliance.adapters.store.snapshots import DATABASES
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config import box
from appliance.core.audit import AuditEntry, verify
from appliance.core.errors import IntegrityFailure, NotFound, Refused
from appliance.core.ids import BoxId, ObjectName
from appliance.core.quarantine import Aside, Quarantined
from appliance.core.snippet import StoredObject
from appliance.processes.erased_state import SNAPSHOTS
from appliance.processes.unlisted import orphans
from appliance.shared_data import make_directory
from appliance.whole_file import fsync_directory, unwritable

_UNFINISHED = "unfinished"


@dataclass(slots=True, kw_only=True)
class Repaired:
    """`databases`: those that were made anew; `kept`: where the damaged files lie. `rows_again`:
    objects that got their row back from their header. `damaged`: objects that are not what was
    stored, or are gone. `audit_gap` names the first entry that is missing."""

    databases: dict[str, Salvaged] = field(default_factory=dict)
    kept: dict[str, Path] = field(default_factory=dict)
    rows_again: int = 0
    aside: int = 0
    damaged: list[StoredObject] = field(default_factory=list)
    audit_gap: str | None = None

    @property
    def whole(self) -> bool:
        """Whether surely nothing was lost. How many rows a gap had, nobody knows; of the audit log
        its chain tells."""
        gaps = [name for name, done in self.databases.items() if not done.whole and name != "audit"]
        return not gaps and not self.damaged and self.audit_gap is None


async def repair(state: Path) -> Repaired:
    """Raise Refused while the box runs, IntegrityFailure where nothing can be read."""
    config = await asyncio.to_thread(box.load, state)
    done = Repaired()
    lock = await asyncio.to_thread(_alone, state)
    try:
        for name in DATABASES:
            await asyncio.to_thread(_database, state, name, done)
        stores = await asyncio.to_thread(open_stores, state)
        try:
            await _rows(state, config.box_id, stores, done)
        finally:
            await stores.close()
    finally:
        os.close(lock)
    return done


async def _rows(state: Path, box_id: BoxId, stores: Stores, done: Repaired) -> None:
    blobs = DirectoryBlobs(state / "blobs")
    if "box" in done.databases:
        there = await asyncio.to_thread(_headers, state)
        done.rows_again = await give_objects_rows(stores.box, there)
        await settle_exams(stores.box, await stores.audit.entries())
    await _objects(stores, blobs, done)
    done.aside = await orphans(stores, blobs, SystemClock(), box_id).find()
    done.audit_gap = _audit_gap(await stores.audit.entries(), done.databases.get("audit"))
    for name in done.databases:
        await stores.audit.append("box", "database-repaired", "repair", name)


def _audit_gap(entries: Sequence[AuditEntry], repaired: Salvaged | None) -> str | None:
    """Before anything is added, which would hide that the last entries are missing."""
    try:
        count = verify(entries)
    except IntegrityFailure as gap:
        return gap.message
    if repaired is not None and any(gap.at_end for gap in repaired.gaps.get("entries", ())):
        return (
            f"Audit log: what came after entry {count} may be missing; compare it with the head "
            "that was noted last (`hallvakt audit verify --head`)."
        )
    return None


@asynccontextmanager
async def while_stopped(state: Path) -> AsyncIterator[None]:
    """Raise Refused while the box runs; until the end none can start."""
    lock = await asyncio.to_thread(_alone, state)
    try:
        yield
    finally:
        os.close(lock)


def _alone(state: Path) -> int:
    """A descriptor that holds the gateway's own lock: until it is closed none can start."""
    (state / "run").mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(state / "run" / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Refused("The box is running: stop it first.", code="already-running") from None
    return descriptor


# --- databases ---------------------------------------------------------------------------------


def _database(state: Path, name: str, done: Repaired) -> None:
    path = state / "db" / f"{name}.db"
    aside = _begun(state, name)
    if aside is None:
        if path.exists() and _sound(path):
            return
        aside = _keep(state, path)
    snapshot = _last_snapshot(state, name)
    if not (aside / path.name).exists() and snapshot is None:
        raise IntegrityFailure(
            f"The database {path.name} is gone and there is no snapshot of it: restore the last "
            "backup of this box (`hallvakt backup restore`)."
        )
    fresh = path.with_name(f".{path.name}.repaired")
    fresh.unlink(missing_ok=True)
    try:
        salvaged = salvage(aside / path.name, name, fresh, snapshot)
    except IntegrityFailure:
        raise IntegrityFailure(
            f"Nothing of the database {path.name} can be read and there is no snapshot of it. It "
            f"is kept in {aside}: restore the last backup of this box (`hallvakt backup restore`)."
        ) from None
    for old in (path, *_beside(path)):
        old.unlink(missing_ok=True)  # never a new file beside the log of the old one
    os.replace(fresh, path)
    fsync_directory(path.parent)
    (aside / _UNFINISHED).unlink()
    done.databases[name], done.kept[name] = salvaged, aside


def _sound(path: Path) -> bool:
    try:
        schema.connect(path).close()
    except IntegrityFailure:
        return False
    return True


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ("-wal", "-shm")]


def _keep(state: Path, path: Path) -> Path:
    """A copy of the damaged files, whole before anything is changed. It lies among the snapshots,
    so that it goes with the first erasure: it holds what they hold."""
    aside = state / SNAPSHOTS / f"damaged-{path.stem}-{SystemClock().now_ms()}"
    try:
        make_directory(aside.parent)
        make_directory(aside)
        for file in (path, *_beside(path)):
            if file.exists() and not file.name.endswith("-shm"):
                shutil.copyfile(file, aside / file.name)
                with (aside / file.name).open("rb+") as copy:
                    os.fsync(copy.fileno())
        (aside / _UNFINISHED).touch()
        fsync_directory(aside)
        fsync_directory(aside.parent)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)  # half a copy is none
        raise unwritable(aside, error) from error
    return aside


def _begun(state: Path, name: str) -> Path | None:
    """A repair that was cut off goes on from the copy that it had made."""
    found = sorted((state / SNAPSHOTS).glob(f"damaged-{name}-*/{_UNFINISHED}"))
    return found[0].parent if found else None


def _last_snapshot(state: Path, name: str) -> Path | None:
    """The newest that this version knows how to read."""
    found = [
        path
        for path in (state / SNAPSHOTS).glob(f"*/{name}.db")
        if not path.parent.name.startswith(("damaged-", "."))
    ]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        if _sound(path):
            return path
    return None


# --- objects -----------------------------------------------------------------------------------


def _headers(state: Path) -> list[StoredObject]:
    """What lies on the disk, as its header says."""
    found = []
    for path in sorted((state / "blobs").glob("*/*")):
        if path.name.startswith("."):
            continue
        content = path.read_bytes()
        try:
            header = read_header(content)
        except IntegrityFailure:
            continue
        found.append(
            StoredObject(
                name=ObjectName(path.name),
                header=header,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                stored_ms=round(path.stat().st_mtime * 1000),
            )
        )
    return found


async def _objects(stores: Stores, blobs: DirectoryBlobs, done: Repaired) -> None:
    aside = QuarantineRows(stores.box)
    for exam in await stores.exams.all():
        for stored in await stores.snippets.objects_of_exam(exam.exam_id):
            try:
                content = await blobs.get(ObjectName(stored.name))
            except NotFound:
                content = b""
            digest = hashlib.sha256(content).hexdigest()
            if (len(content), digest) == (stored.size, stored.sha256):
                continue
            done.damaged.append(stored)
            if content:
                await aside.put(
                    Quarantined(
                        name=ObjectName(stored.name),
                        header=stored.header,
                        size=len(content),
                        sha256=digest,
                        found_ms=SystemClock().now_ms(),
                        why=Aside.UNREADABLE,
                    )
                )
            await unplan(stores.box, ObjectName(stored.name))
            await stores.snippets.remove_object(ObjectName(stored.name))
            await stores.audit.append("box", "object-damaged", "repair", stored.header.attempt_id)
