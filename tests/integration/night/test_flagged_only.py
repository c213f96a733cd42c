"""An exam that sends flagged footage only: the rest stays on the box until retention ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import open_stores
from appliance.config.box import CloudConfig
from appliance.core.exam import ExamState
from appliance.core.retention import DAY_MS
from appliance.core.settings import SyncScope
from appliance.core.snippet import ObjectKind
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from tests.support.closed_exam import STARTED_MS, ClosedExam, closed_exam, exam_of
from tests.support.fake_clock import FakeClock

_FLAGGED = 2  # of the first candidate's snippets


async def _flag(made: ClosedExam) -> None:
    exam = await exam_of(made.state, made.exam_id)
    stores = await asyncio.to_thread(open_stores, made.state)
    changed = replace(exam, settings=replace(exam.settings, sync=SyncScope.FLAGGED))
    await stores.exams.replace(changed, expected=ExamState.CLOSED)
    await Packs(stores.box).flag(made.exam_id, made.attempts[0], [_FLAGGED])
    await stores.close()


async def test_the_rest_waits_on_the_box_until_retention_ends(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    await _flag(made)
    first, second = made.attempts
    async with syncer(state, signer=made.signer) as night:
        report = await night.run(lambda sent, total: None)
        packs = await night.journal.packs(made.exam_id)
        (verified,) = await night.verify()
    sent = {
        (o.header.attempt_id, o.header.kind, o.header.sequence) for p in packs for o in p.objects
    }
    assert sent == {
        (first, ObjectKind.RECORD, 0),
        (second, ObjectKind.RECORD, 0),
        (first, ObjectKind.SNIPPET, _FLAGGED),
        (first, ObjectKind.THUMBNAIL, _FLAGGED),
        (first, ObjectKind.PORTRAIT, 0),
    }
    assert (report.exams, verified.objects) == ([made.exam_id], len(sent))
    proven = max(p.confirmed_ms or 0 for p in packs)
    await clean(state, clock=FakeClock(proven + 1000))
    assert len(made.names) == len(made.plain) - len(sent)  # what was sent went, the rest stays
    await clean(state, clock=FakeClock(STARTED_MS + 32 * DAY_MS))
    assert made.names == []
    assert (await exam_of(state, made.exam_id)).state is ExamState.PURGED
