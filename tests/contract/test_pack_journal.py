"""The night's journal keeps what it is told, once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import Stores, open_stores
from appliance.adapters.store.uploads import UploadRows
from appliance.core.batch import PackPlan
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, PackName
from appliance.core.pack_journal import JournalledManifest, PackState, Tombstone
from appliance.core.snippet import ObjectHeader, ObjectKind, PriorityClass, StoredObject
from appliance.core.transfer import UnfinishedUpload

EXAM, ATTEMPT = ExamId("e" * 32), AttemptId("a" * 32)


def _object(number: int) -> StoredObject:
    return StoredObject(
        name=ObjectName(f"{number:032x}"),
        header=ObjectHeader(
            kind=ObjectKind.SNIPPET,
            box_id=BoxId("b" * 32),
            exam_id=EXAM,
            attempt_id=ATTEMPT,
            sequence=number,
            epoch=1,
        ),
        size=100,
        sha256=f"{number:064x}",
        stored_ms=7,
    )


def _plan(*numbers: int) -> PackPlan:
    return PackPlan(
        exam_id=EXAM,
        attempt_id=ATTEMPT,
        priority=PriorityClass.REST,
        objects=tuple(_object(n) for n in numbers),
        size=100 * len(numbers),
    )


def _manifest(number: int, *, closes: bool = False) -> JournalledManifest:
    return JournalledManifest(
        name=f"{number:032x}",
        exam_id=EXAM,
        number=number,
        payload=b"payload",
        signature=b"s" * 64,
        public_key=b"k" * 32,
        closes=closes,
    )


ONE, TWO = PackName("1" * 32), PackName("2" * 32)


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    made = await asyncio.to_thread(open_stores, tmp_path)
    yield made
    await made.close()


@pytest.fixture
def journal(stores: Stores) -> Packs:
    return Packs(stores.box)


async def test_packs_come_back_as_planned_in_order(journal: Packs) -> None:
    await journal.plan([(TWO, _plan(3, 1, 2)), (ONE, _plan(4))])
    two, one = await journal.packs(EXAM)
    assert (two.name, one.name) == (TWO, ONE)
    assert two.objects == (_object(3), _object(1), _object(2))
    assert (two.size, two.state, two.sha256, two.manifest) == (300, PackState.PLANNED, None, None)


async def test_an_object_is_in_one_pack_only(journal: Packs) -> None:
    await journal.plan([(ONE, _plan(1))])
    with pytest.raises(Conflict):
        await journal.plan([(TWO, _plan(2, 1))])
    assert [pack.name for pack in await journal.packs(EXAM)] == [ONE]


async def test_from_planned_to_confirmed(journal: Packs) -> None:
    await journal.plan([(ONE, _plan(1)), (TWO, _plan(2))])
    await journal.uploaded(ONE, sha256="aa", crc32c="cc")
    await journal.add_manifest(_manifest(1), [ONE])
    await journal.confirm(EXAM, 1, 99)
    await journal.uploaded(ONE, sha256="other", crc32c="other")  # proven stays proven
    one, two = await journal.packs(EXAM)
    assert (one.state, one.sha256, one.crc32c) == (PackState.CONFIRMED, "aa", "cc")
    assert (one.manifest, one.confirmed_ms) == (1, 99)
    assert two.state is PackState.PLANNED
    (manifest,) = [m async for m in journal.manifests(EXAM)]
    assert manifest.confirmed_ms == 99


async def test_a_manifest_lists_uploaded_packs_once(journal: Packs) -> None:
    await journal.plan([(ONE, _plan(1))])
    with pytest.raises(Conflict):
        await journal.add_manifest(_manifest(1), [ONE])  # not uploaded
    assert [m async for m in journal.manifests(EXAM)] == []  # nothing of the failed one is kept
    await journal.uploaded(ONE, sha256="aa", crc32c="cc")
    await journal.add_manifest(_manifest(1), [ONE])
    with pytest.raises(Conflict):
        await journal.add_manifest(_manifest(2), [ONE])


async def test_the_close_record_is_written_once(journal: Packs) -> None:
    assert not await journal.closed(EXAM)
    await journal.add_manifest(_manifest(1, closes=True), [])
    assert await journal.closed(EXAM)
    with pytest.raises(Conflict):
        await journal.add_manifest(_manifest(2, closes=True), [])
    with pytest.raises(Conflict):
        await journal.add_manifest(_manifest(1), [])


async def test_an_upload_is_known_until_the_pack_is_journalled(
    stores: Stores, journal: Packs
) -> None:
    """Between the store's reply and the journal a killed box would begin it anew. What is no pack
    is forgotten with the reply."""
    uploads, manifest = UploadRows(stores.box), f"manifests/{ONE}"
    await journal.plan([(ONE, _plan(1))])
    for name in (f"packs/{ONE}", manifest):
        await uploads.remember(UnfinishedUpload(name=name, size=100, token="session"))
        await uploads.arrived(name)
    assert await uploads.find(f"packs/{ONE}") is not None
    assert await uploads.find(manifest) is None
    await journal.uploaded(ONE, sha256="aa", crc32c="cc")
    assert await uploads.find(f"packs/{ONE}") is None


async def test_flags(journal: Packs) -> None:
    await journal.flag(EXAM, ATTEMPT, [1, 2])
    await journal.flag(EXAM, ATTEMPT, [2, 3])
    assert {a: set(s) for a, s in (await journal.flagged(EXAM)).items()} == {ATTEMPT: {1, 2, 3}}


async def test_an_unknown_pack_is_said(journal: Packs) -> None:
    with pytest.raises(NotFound):
        await journal.uploaded(ONE, sha256="aa", crc32c="cc")


async def test_forgotten_but_for_tombstones(journal: Packs) -> None:
    await journal.plan([(ONE, _plan(1))])
    await journal.flag(EXAM, ATTEMPT, [1])
    await journal.add_manifest(_manifest(1), [])
    tombstone = Tombstone(exam_id=EXAM, attempt_id=ATTEMPT, at_ms=5, reason="erasure")
    await journal.add_tombstone(tombstone)
    await journal.add_tombstone(tombstone)
    await journal.forget(EXAM)
    assert list(await journal.packs(EXAM)) == []
    assert [m async for m in journal.manifests(EXAM)] == []
    assert await journal.flagged(EXAM) == {}
    assert list(await journal.tombstones()) == [tombstone]
    await journal.plan([(ONE, _plan(1))])  # its objects are free again
