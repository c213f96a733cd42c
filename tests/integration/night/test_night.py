"""A closed exam goes to a real object store and database, is proven, and goes from the box."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import open_stores
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, Refused, WrongState
from appliance.core.exam import ExamState
from appliance.core.retention import DAY_MS
from appliance.core.settings import Retention
from appliance.core.snippet import PriorityClass
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services import cloud_documents as documents
from tests.support.closed_exam import (
    HALL,
    STARTED_MS,
    TITLE,
    ClosedExam,
    closed_exam,
    exam_of,
)
from tests.support.fake_clock import FakeClock


def _silent(sent: int, total: int) -> None: ...


def _files(directory: Path) -> dict[str, bytes]:
    """Objects as the server keeps them: by name, content only."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.suffix != ".metadata"
    }


async def _sync(made: ClosedExam) -> None:
    async with syncer(made.state, signer=made.signer) as night:
        await night.run(_silent)


async def test_a_night(state: Path, cloud: CloudServers, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config)
    async with syncer(state, signer=made.signer) as night:
        planned = await night.night.plan()
        assert planned.bytes == sum(p.stat().st_size for p in (state / "blobs").glob("*/*"))
        report = await night.run(_silent)
        assert report.exams == [made.exam_id]
        assert report.bytes == planned.bytes
        assert (report.objects_at, report.records_at) == ("EUROPE-NORTH1", "on site")
        status = await night.night.status()
        assert (status.backlog_bytes, status.confirmed_packs) == (0, report.packs)
        (verified,) = await night.verify()
        assert (verified.packs, verified.objects) == (report.packs, len(made.plain))
        assert (await night.night.status()).last_verified_ms is not None
    assert (await exam_of(state, made.exam_id)).state is ExamState.ARCHIVED


async def test_a_pack_is_of_one_attempt_and_one_class(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    await _sync(made)
    stores = await asyncio.to_thread(open_stores, state)
    journalled = await Packs(stores.box).packs(made.exam_id)
    await stores.close()
    assert {(p.attempt_id, p.priority) for p in journalled} == {
        (attempt, c)
        for attempt in made.attempts
        for c in (PriorityClass.RECORDS, PriorityClass.PORTRAITS, PriorityClass.REST)
    }
    assert len({p.name for p in journalled}) == 6
    async with cloud_ends(cloud_config) as ends:
        packs = await ends.records.find(documents.PACKS, exam=made.exam_id)
        manifests = await ends.records.find(documents.MANIFESTS, exam=made.exam_id)
    assert {p["_id"] for p in packs} == {p.name for p in journalled}
    # Whose footage was flagged is told to nobody: the class stays in the box's journal.
    for row in packs:
        assert set(row) == {"_id", "exam", "attempt", "box", "size", "sha256", "objects"}
    for word in PriorityClass:
        assert word.value.encode() not in repr(packs).encode()
        assert all(word.value.encode() not in m["payload"] for m in manifests)


async def test_the_cloud_sees_no_word_of_it(
    state: Path, cloud: CloudServers, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    await _sync(made)
    async with cloud_ends(cloud_config) as ends:
        rows = [
            row
            for collection in ("exams", "attempts", "packs", "manifests")
            for row in await ends.records.find(collection)
        ]
    seen = repr(rows).encode() + b"".join(_files(cloud.objects_directory).values())
    for word in (TITLE, HALL, "several_faces", "Två ansikten"):
        assert word.encode() not in seen
    # The first bytes of a WebM and of a JPEG, long enough not to come up by chance in ciphertext.
    for beginning in (b"\x1a\x45\xdf\xa3", b"\xff\xd8\xff\xe0"):
        whole = {bytes(plain[:8]) for plain in made.plain.values() if plain[:4] == beginning}
        assert whole
        assert all(first not in seen for first in whole)
    assert set(rows[0]) == {"_id", "box", "state", "times", "settings_hash"}


async def test_outside_the_eu_not_a_byte_is_sent(tmp_path: Path) -> None:
    abroad = CloudServers(tmp_path / "abroad", location="US-EAST1")
    await asyncio.to_thread(abroad.start)
    try:
        bucket_alone = _files(abroad.objects_directory)
        config = await asyncio.to_thread(abroad.config, tmp_path / "uri")
        made = await closed_exam(tmp_path / "box", config)
        async with syncer(made.state, signer=made.signer) as night:
            with pytest.raises(Refused, match="US-EAST1") as refused:
                await night.run(_silent)
            assert refused.value.exit_code == 4
            assert (await night.night.status()).confirmed_packs == 0
        assert _files(abroad.objects_directory) == bucket_alone
        async with cloud_ends(config) as ends:
            assert await ends.records.find(documents.EXAMS) == []
    finally:
        await asyncio.to_thread(abroad.stop)


async def test_an_exam_waits_for_late_uploads(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config)
    stores = await asyncio.to_thread(open_stores, state)
    attempt = await stores.attempts.get(made.attempts[0])
    one_more = replace(attempt, last_sequence=(attempt.last_sequence or 0) + 1)
    await stores.attempts.replace(one_more, expected=attempt.state)
    exam = await stores.exams.get(made.exam_id)
    settings = replace(exam.settings, late_upload_minutes=10_000_000)
    await stores.exams.replace(replace(exam, settings=settings), expected=exam.state)
    await stores.close()
    async with syncer(state, signer=made.signer) as night:
        report = await night.run(_silent)
        assert (report.exams, report.waiting, report.packs) == ([], [made.exam_id], 0)
        assert (await night.night.status()).backlog_bytes > 0
        # What the box has refused for good is not waited for.
        stores = await asyncio.to_thread(open_stores, state)
        await stores.snippets.mark_refused(one_more.attempt_id, one_more.last_sequence or 0)
        await stores.close()
        assert (await night.run(_silent)).exams == [made.exam_id]


async def test_two_runs_do_not_meet(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config)
    async with syncer(state, signer=made.signer) as one, syncer(state, signer=made.signer) as two:
        results = await asyncio.gather(one.run(_silent), two.run(_silent), return_exceptions=True)
        assert sorted(type(r).__name__ for r in results) == ["SyncReport", "WrongState"]
        assert any(isinstance(r, WrongState) for r in results)


async def test_a_damaged_blob_is_not_sent_as_if_it_were_whole(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    victim = next((state / "blobs").glob("*/*"))
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    async with syncer(state, signer=made.signer) as night:
        with pytest.raises(IntegrityFailure, match="disk"):
            await night.run(_silent)
    assert (await exam_of(state, made.exam_id)).state is ExamState.CLOSED


async def test_the_box_lets_go_only_of_what_is_proven(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    clock = FakeClock(STARTED_MS + 3_600_000)
    assert (await clean(state, clock=clock)).purged == 0
    assert len(made.names) == len(made.plain)
    await _sync(made)
    clock.set_wall_clock(time.time_ns() // 1_000_000 + 1000)  # confirmed by the machine's clock
    report = await clean(state, clock=clock)
    assert report.purged == len(made.plain)
    assert made.names == []
    async with syncer(state, signer=made.signer) as night:
        await night.verify()  # the cloud copy is whole without the box's


async def test_at_the_end_of_retention_everything_goes_everywhere(
    state: Path, cloud: CloudServers, cloud_config: CloudConfig
) -> None:
    before = set(_files(cloud.objects_directory))
    made = await closed_exam(state, cloud_config, retention=Retention(days=30))
    await _sync(made)
    report = await clean(state, clock=FakeClock(STARTED_MS + 32 * DAY_MS))
    assert report.exams_ended == [made.exam_id]
    assert (await exam_of(state, made.exam_id)).state is ExamState.PURGED
    assert made.names == []
    assert set(_files(cloud.objects_directory)) == before
    async with cloud_ends(cloud_config) as ends:
        for collection in ("exams", "attempts", "packs", "manifests"):
            assert await ends.records.find(collection) == []
    stores = await asyncio.to_thread(open_stores, state)
    assert await stores.attempts.of_exam(made.exam_id) == []
    for attempt in made.attempts:
        assert await stores.envelopes.of_attempt(attempt) == []
    assert len(await Packs(stores.box).tombstones()) == len(made.attempts) + 1  # and the names'
    await stores.close()
