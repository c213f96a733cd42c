"""Refused with the real parts: a database that forgets, a box with no cloud, an archive abroad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.adapters.crypto.signing import fingerprint
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, Refused
from appliance.core.exam import ExamState
from appliance.core.pack_journal import PackState
from appliance.core.ports import RecordCloud
from appliance.processes.adoption import adopt
from appliance.processes.cloud_ends import CloudEnds, cloud_ends
from appliance.processes.fleet import report_health
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.services import cloud_documents as documents
from tests.support.closed_exam import closed_exam, exam_of
from tests.support.scripted_mongo import replica_set


class _Forgets:
    """Takes every record, and has one pack fewer when it is asked."""

    def __init__(self, real: RecordCloud) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def find(self, collection: str, **wanted: Any) -> list[dict[str, Any]]:
        found = list(await self._real.find(collection, **wanted))
        return found[1:] if collection == documents.PACKS else found


async def test_a_database_that_lost_what_it_took_confirms_nothing(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config, candidates=1)

    @asynccontextmanager
    async def reach(*words: Any, **more: Any) -> AsyncIterator[CloudEnds]:
        async with cloud_ends(*words, **more) as ends:
            records = cast("RecordCloud", _Forgets(ends.records))
            yield CloudEnds(objects=ends.objects, records=records)

    async with syncer(state, signer=made.signer, reach=reach) as night:
        with pytest.raises(IntegrityFailure, match="database does not have what it took"):
            await night.run(lambda sent, total: None)
        heads = await night.journal.heads(made.exam_id)
    assert {head.state for head in heads} == {PackState.UPLOADED}
    assert (await exam_of(state, made.exam_id)).state is ExamState.CLOSED
    assert (await clean(state, signer=made.signer)).purged == 0


async def test_a_box_without_a_cloud_belongs_to_no_fleet(state: Path) -> None:
    made = await closed_exam(state, CloudConfig(), candidates=1)
    async with syncer(state, signer=made.signer) as night:
        with pytest.raises(Refused, match="belongs to no fleet"):
            await report_health(night)


async def test_an_archive_abroad_is_not_adopted(state: Path, tmp_path: Path) -> None:
    """The database of the burnt box's archive has a member in the United States."""
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        objects, file = tmp_path / "objects", tmp_path / "records.uri"
        await asyncio.to_thread(objects.mkdir)
        await asyncio.to_thread(file.write_text, uri)
        abroad = CloudConfig(objects="directory", directory=objects, records_uri_file=file)
        made = await closed_exam(state, abroad, candidates=1)
        card = fingerprint(made.signing_key.public_bytes)
        burnt = replace(made).box_id
        with pytest.raises(Refused, match="nothing was sent"):
            await adopt(state, burnt, card, made.colleague.for_opening())
    assert [c for c in asked if "endSessions" not in c] == []
    assert list(objects.iterdir()) == []
