"""Ciphertext without a row: adopted or kept aside, and deleted only with what it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config.box import CloudConfig
from appliance.core.ids import AttemptId, ObjectName
from appliance.core.pack_journal import Tombstone
from appliance.core.quarantine import Aside
from appliance.core.retention import DAY_MS
from appliance.core.snippet import ObjectKind
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.erased_state import belongings
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.processes.unlisted import orphans
from appliance.services.orphans import Orphans
from appliance.services.tombstones import replay_tombstones
from tests.support.archived_exam import ArchivedExam
from tests.support.closed_exam import STARTED_MS, ClosedExam, closed_exam, new_id
from tests.support.fake_clock import FakeClock


def _silent(sent: int, total: int) -> None: ...


@asynccontextmanager
async def _opened(made: ClosedExam) -> AsyncIterator[tuple[Stores, Orphans]]:
    """As the gateway opens it at its start."""
    stores = await asyncio.to_thread(open_stores, made.state)
    blobs = DirectoryBlobs(made.state / "blobs")
    try:
        yield stores, orphans(stores, blobs, FakeClock(), made.box_id)
    finally:
        await stores.close()


async def _lose_row(stores: Stores, attempt: AttemptId, kind: ObjectKind, number: int) -> str:
    """What a power cut between blob and row leaves; the object's name."""
    rows = await stores.snippets.objects(attempt, kind)
    (row,) = [row for row in rows if row.header.sequence == number]
    await stores.snippets.remove_object(row.name)
    return row.name


async def _aside(stores: Stores) -> dict[str, Aside]:
    return {found.name: found.why for found in await QuarantineRows(stores.box).all()}


async def test_what_is_made_once_is_adopted_at_the_start(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    who = made.attempts[0]
    async with _opened(made) as (stores, found):
        before = await stores.snippets.objects(who)
        for kind in (ObjectKind.PORTRAIT, ObjectKind.RECORD):
            await _lose_row(stores, who, kind, 0)
        assert await found.find() == 0
        after = await stores.snippets.objects(who)
        assert {(o.name, o.header, o.sha256) for o in after} == {
            (o.name, o.header, o.sha256) for o in before
        }
        assert await _aside(stores) == {}


async def test_what_nobody_knows_is_kept_and_said_once(
    state: Path, cloud_config: CloudConfig
) -> None:
    made, other = await closed_exam(state, cloud_config), new_id()
    foreign = ClosedExam(state=state / "other", reviewer=made.reviewer)
    await closed_exam(foreign.state, cloud_config, candidates=1, snippets=1)
    stranger = next((foreign.state / "blobs").glob("*/*"))
    blobs = DirectoryBlobs(state / "blobs")
    await blobs.put(ObjectName(other), b"HVO1 and then nothing that makes sense")
    await blobs.put(ObjectName(stranger.name), await asyncio.to_thread(stranger.read_bytes))
    async with _opened(made) as (stores, found):
        for _ in range(2):
            assert await found.find() == 2
        assert await _aside(stores) == {other: Aside.UNREADABLE, stranger.name: Aside.UNKNOWN}
    await clean(state)
    assert {other, stranger.name} <= set(made.names)


async def test_a_snippet_waits_for_the_page_and_is_then_superseded(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    who = made.attempts[0]
    async with _opened(made) as (stores, found):
        row = await stores.snippets.snippet(who, 2)
        assert row is not None
        name = await _lose_row(stores, who, ObjectKind.SNIPPET, 2)
        assert await found.find() == 1
        assert await _aside(stores) == {name: Aside.WAITING}
        await stores.snippets.add_object(replace(row.stored, name=ObjectName(new_id())))
        assert await found.settle(made.exam_id) == 0
        assert await _aside(stores) == {name: Aside.SUPERSEDED}
    assert name in made.names


async def test_a_snippet_that_never_came_again_travels_and_opens(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    who = made.attempts[0]
    async with _opened(made) as (stores, found):
        await _lose_row(stores, who, ObjectKind.SNIPPET, 2)
        assert await found.find() == 1
    async with syncer(state, signer=made.signer) as night:
        await night.run(_silent)
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
    async with _opened(made) as (stores, found):
        assert await _aside(stores) == {}
        # Found only after the close record was signed: it stays, and nothing is sent again.
        portrait = await _lose_row(stores, who, ObjectKind.PORTRAIT, 0)
        assert await found.find() == 1
        assert await _aside(stores) == {portrait: Aside.TOO_LATE}
    async with cloud_ends(cloud_config) as ends:
        archive = ArchivedExam(made=made, ends=ends).archive()
        opened = await archive.open(made.exam_id)
        for number in (1, 2, 3):
            plain = await archive.read(opened, who, ObjectKind.SNIPPET, number)
            assert plain == made.plain[who, ObjectKind.SNIPPET, number]


async def test_it_goes_with_its_attempts_erasure(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config)
    who = made.attempts[0]
    async with _opened(made) as (stores, found):
        name = await _lose_row(stores, who, ObjectKind.SNIPPET, 2)
        assert await found.find() == 1
        stone = Tombstone(exam_id=made.exam_id, attempt_id=who, at_ms=1, reason="erasure")
        await Packs(stores.box).add_tombstone(stone)
        assert await replay_tombstones(await asyncio.to_thread(belongings, state, stores)) == 1
        assert await _aside(stores) == {}
    assert name not in made.names


async def test_it_goes_with_its_exams_retention(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, replace(cloud_config, objects="none"))
    async with _opened(made) as (stores, found):
        await _lose_row(stores, made.attempts[0], ObjectKind.SNIPPET, 2)
        assert await found.find() == 1
    await clean(state, clock=FakeClock(STARTED_MS + 29 * DAY_MS))
    assert len(made.names) == len(made.plain)
    await clean(state, clock=FakeClock(STARTED_MS + 32 * DAY_MS))
    assert made.names == []
