"""Promise 8, retention: what has to go goes by itself, what has to stay stays; by a moved clock."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.store.legal_holds import Holds
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.core.errors import WrongState
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId
from appliance.core.keys import KEY_BYTES
from appliance.core.legal_hold import LegalHold
from appliance.core.retention import DAY_MS
from appliance.core.settings import Retention
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services import cloud_documents as documents
from tests.support.closed_exam import STARTED_MS, ClosedExam, closed_exam, exam_of
from tests.support.cloud_servers import cloud, database, driver_may_look_around
from tests.support.erasing import OFFICER, erase_on_box, openable
from tests.support.fake_clock import FakeClock

__all__ = ["cloud", "database", "driver_may_look_around"]

CLOSED_MS = STARTED_MS + 600_000
NOW_MS = time.time_ns() // 1_000_000  # packs are confirmed by the machine's clock


@pytest.fixture
def config(cloud: CloudServers, database: str, tmp_path: Path) -> CloudConfig:
    return cloud.config(tmp_path / "uri", database=database)


@pytest.fixture
async def made(config: CloudConfig, tmp_path: Path) -> ClosedExam:
    return await closed_exam(tmp_path / "box", config, retention=Retention(days=30, local_days=7))


async def _sync(made: ClosedExam) -> None:
    async with syncer(made.state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)


async def _with_stores(made: ClosedExam) -> Stores:
    return await asyncio.to_thread(open_stores, made.state)


async def _hold(made: ClosedExam) -> None:
    stores = await _with_stores(made)
    await Holds(stores.box).put(
        LegalHold(exam_id=made.exam_id, since_ms=0, by=OFFICER.user_id, reason="2026-17")
    )
    await stores.close()


async def _rows_in_cloud(config: CloudConfig) -> int:
    async with cloud_ends(config) as ends:
        found = [await ends.records.find(c) for c in ("exams", "attempts", "packs", "manifests")]
    return sum(len(rows) for rows in found)


async def test_the_boxs_copy_goes_its_days_after_the_proof(made: ClosedExam) -> None:
    clock = FakeClock(CLOSED_MS + 20 * DAY_MS)
    assert (await clean(made.state, clock=clock)).kept == {"only_copy": len(made.plain)}
    await _sync(made)
    clock.set_wall_clock(NOW_MS + 6 * DAY_MS)
    assert (await clean(made.state, clock=clock)).kept == {"local_days": len(made.plain)}
    clock.set_wall_clock(NOW_MS + 7 * DAY_MS + DAY_MS // 2)
    assert (await clean(made.state, clock=clock)).purged == len(made.plain)
    assert made.names == []


async def test_the_last_day_and_the_day_after(made: ClosedExam, config: CloudConfig) -> None:
    await _sync(made)
    clock = FakeClock(CLOSED_MS + 30 * DAY_MS - 1)
    assert (await clean(made.state, clock=clock)).exams_ended == []
    before = await _rows_in_cloud(config)
    assert before == 1 + 2 + 6 + 1
    clock.set_wall_clock(CLOSED_MS + 30 * DAY_MS)
    assert (await clean(made.state, clock=clock)).exams_ended == [made.exam_id]
    assert await _rows_in_cloud(config) == 0
    assert (await exam_of(made.state, made.exam_id)).state is ExamState.PURGED
    assert (await clean(made.state, clock=clock)).exams_ended == []


async def test_names_and_their_key_go_with_the_rest(made: ClosedExam) -> None:
    stores = await _with_stores(made)
    await stores.identities.put(made.exam_id, b"sealed names")
    recipient = made.reviewer.public().recipient()
    names = AttemptId(made.exam_id)
    envelope = seal_envelope(recipient, made.exam_id, names, 0, bytes(KEY_BYTES))
    await stores.envelopes.add([envelope], None)
    await stores.close()
    await clean(made.state, clock=FakeClock(CLOSED_MS + 31 * DAY_MS))
    stores = await _with_stores(made)
    assert await stores.identities.get(made.exam_id) is None
    assert await stores.envelopes.of_attempt(names) == []
    await stores.close()


async def test_a_legal_hold_stops_every_deletion(made: ClosedExam, config: CloudConfig) -> None:
    await _sync(made)
    await _hold(made)
    clock = FakeClock(CLOSED_MS + 400 * DAY_MS)
    report = await clean(made.state, clock=clock)
    assert (report.purged, report.exams_ended, report.held) == (0, [], [made.exam_id])
    assert report.kept == {"legal_hold": len(made.plain)}
    assert len(made.names) == len(made.plain)
    assert await _rows_in_cloud(config) == 10
    with pytest.raises(WrongState, match="hold"):
        await erase_on_box(
            made.state, made.box_id, made.signing_key, made.exam_id, made.attempts[0]
        )
    assert len(await openable(made.state, made.attempts[0], [made.reviewer])) == 8
    stores = await _with_stores(made)
    await Holds(stores.box).release(made.exam_id)
    await stores.close()
    assert (await clean(made.state, clock=clock)).exams_ended == [made.exam_id]
    assert await _rows_in_cloud(config) == 0


async def test_nothing_goes_while_late_uploads_may_come(made: ClosedExam) -> None:
    """Even where somebody set a late window longer than the retention."""
    stores = await _with_stores(made)
    exam = await stores.exams.get(made.exam_id)
    settings = replace(exam.settings, late_upload_minutes=60 * 24 * 40)
    await stores.exams.replace(replace(exam, settings=settings), expected=exam.state)
    await stores.close()
    clock = FakeClock(CLOSED_MS + 31 * DAY_MS)
    report = await clean(made.state, clock=clock)
    assert (report.purged, report.exams_ended) == (0, [])
    clock.set_wall_clock(CLOSED_MS + 41 * DAY_MS)
    assert (await clean(made.state, clock=clock)).exams_ended == [made.exam_id]


async def test_a_line_that_is_down_leaves_an_open_promise(
    made: ClosedExam, config: CloudConfig
) -> None:
    await _sync(made)
    away = replace(config, endpoint="http://127.0.0.1:9")
    configured = await asyncio.to_thread(box.load, made.state)
    await asyncio.to_thread(box.write, made.state, replace(configured, cloud=away))
    clock = FakeClock(CLOSED_MS + 31 * DAY_MS)
    report = await clean(made.state, clock=clock)
    assert (report.exams_ended, report.remote_left) == ([], [made.exam_id])
    assert made.names == []  # the box's own is gone, and unreadable in the cloud:
    assert await openable(made.state, made.attempts[0], [made.reviewer]) == []
    async with cloud_ends(config) as ends:
        assert await ends.records.find(documents.ATTEMPTS, exam=made.exam_id) == []
    await asyncio.to_thread(box.write, made.state, configured)
    assert (await clean(made.state, clock=clock)).exams_ended == [made.exam_id]
