"""The restore drill: every night something is brought back, and the status says how it went.

Two things are tried. The databases are copied as a backup would copy them, and the copies are
opened and counted. And of exams in the archive a random few are read back as the verifier: whole
manifest chain, and in the packs drawn every object's digest and the header it was sealed under.
What the drill cannot prove, because the box has no such key: that the reviewers' and recovery keys
open the objects. That is proven when the keys are made and, each year, by people.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from appliance.adapters.crypto.objects import read_header
from appliance.adapters.store.snapshot import check, snapshot
from appliance.adapters.store.stores import open_stores
from appliance.core.errors import HallvaktError, IntegrityFailure
from appliance.core.exam import ExamState
from appliance.core.ids import PackName
from appliance.core.night_window import current
from appliance.processes.backup import DATABASES
from appliance.processes.cloud_ends import as_verifier, check_both_ends, cloud_ends
from appliance.processes.syncer import SHARED, Syncer, alone
from appliance.services.archive_listing import Listed
from appliance.shared_data import make_directory

LAST = "drill.last"
_COPIES = "drill-"
EXAMS, _PACKS = 3, 2
_APART_MS = 20 * 3_600_000  # the timer looks every hour and tries once a night


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """`ok` False: `detail` says in a sentence what could not be brought back."""

    at_ms: int
    ok: bool
    exams: int = 0
    packs: int = 0
    objects: int = 0
    bytes: int = 0
    detail: str = ""


async def drill(night: Syncer, at_ms: int) -> Drill:
    """Try, and remember the result for the status, also when it failed."""
    try:
        result = await _try(night, at_ms)
    except HallvaktError as error:
        result = Drill(at_ms=at_ms, ok=False, detail=error.message)
    await night.stores.facts.put(LAST, msgspec.json.encode(asdict(result)))
    return result


@asynccontextmanager
async def only_drill(state: Path) -> AsyncIterator[bool]:
    """One at a time. True where the drill before was ended in the middle: what it left, copies of
    the databases, is gone then. Raises WrongState while another is at work."""
    async with alone(state / SHARED / "drill.lock"):
        yield await asyncio.to_thread(_clear, state)


def _clear(state: Path) -> bool:
    left = [place for place in (state / SHARED).glob(f"{_COPIES}*") if place.is_dir()]
    for place in left:
        shutil.rmtree(place)
    return bool(left)


async def why_not_now(night: Syncer) -> str:
    """What keeps the timer from a drill, in a sentence; empty when nothing does. What is read back
    comes down the line without a cap, so it has the night's windows, and no metered one."""
    now_ms, own = night.clock.now_ms(), night.config.night
    last = await last_drill(night)
    if last is not None and 0 <= now_ms - last.at_ms < _APART_MS:
        return "There was a restore drill already: the next one is for the coming night."
    if night.config.cloud.objects == "none":
        return ""  # nothing comes from anywhere
    if await night.night.paused():
        return "The line is paused: the restore drill was left for later."
    span = current(own.windows, now_ms, own.zone)
    if span is None:
        return "No window of [night] is open now: the restore drill was left for the night."
    return "The line is metered now: the restore drill was left for later." if span.metered else ""


async def last_drill(night: Syncer) -> Drill | None:
    kept = await night.stores.facts.get(LAST)
    return None if kept is None else msgspec.json.decode(kept, type=Drill)


async def _try(night: Syncer, at_ms: int) -> Drill:
    exams = [e for e in await night.stores.exams.all() if e.state is ExamState.ARCHIVED]
    copied = await asyncio.to_thread(_copy_databases, night.state)
    if copied != len(await night.stores.exams.all()):
        raise IntegrityFailure("A copy of the databases holds another number of exams.")
    drawn = random.SystemRandom().sample(exams, min(EXAMS, len(exams)))
    packs = objects = size = 0
    if drawn:
        async with cloud_ends(as_verifier(night.config.cloud)) as ends:
            await check_both_ends(ends, night.config.cloud)
            for exam in drawn:
                drawn_packs = await night.sample(exam.exam_id, _PACKS)
                async for listed in night.listed(ends, exam.exam_id):
                    for name in drawn_packs & set(listed.in_pack):
                        content = await ends.objects.get(f"packs/{name}")
                        objects += await asyncio.to_thread(_look_into, content, name, listed)
                        packs, size = packs + 1, size + len(content)
    return Drill(at_ms=at_ms, ok=True, exams=len(drawn), packs=packs, objects=objects, bytes=size)


def _look_into(content: bytes, pack: PackName, listed: Listed) -> int:
    """How many objects stand in the pack, each with the digest and the header it must have."""
    for placed in listed.in_pack[pack]:
        sealed = content[placed.offset : placed.offset + placed.entry.size]
        if hashlib.sha256(sealed).digest() != placed.entry.sha256:
            raise IntegrityFailure("An object in the archive is not what was stored.")
        if read_header(sealed) != placed.header(listed.chain):
            raise IntegrityFailure("An object in the archive was sealed for another place.")
    return len(listed.in_pack[pack])


def _copy_databases(state: Path) -> int:
    """The number of exams in the copies, opened as a box opens its own."""
    # Not a temporary directory: its mode would keep the next drill, perhaps another user's, from
    # clearing it away.
    copies = state / SHARED / f"{_COPIES}{secrets.token_hex(6)}"
    make_directory(copies)
    try:
        make_directory(copies / "db")
        for name in DATABASES:
            copy = copies / "db" / f"{name}.db"
            snapshot(state / "db" / copy.name, copy, strip=name == "box")
            check(copy)
        return asyncio.run(_count(copies))
    finally:
        shutil.rmtree(copies)


async def _count(state: Path) -> int:
    stores = await asyncio.to_thread(open_stores, state)
    try:
        return len(await stores.exams.all())
    finally:
        await stores.close()
