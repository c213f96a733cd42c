"""A whole archive's life on a sharded cluster, where every command is one that a router takes; a
night on a single server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from appliance.adapters.crypto.signing import fingerprint
from appliance.config.box import CloudConfig
from appliance.core.exam import ExamState
from appliance.core.retention import DAY_MS
from appliance.core.review_decision import Verdict
from appliance.processes.adoption import adopt
from appliance.processes.eraser import finish_erasures
from appliance.processes.fleet import fleet, report_health
from appliance.processes.janitor import clean
from appliance.processes.record_preparation import prepare_records
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.review.receipts import sent_receipts
from appliance.services.record_schema import COLLECTIONS
from tests.integration.backup.conftest import new_box
from tests.support.archived_exam import archived_exam
from tests.support.closed_exam import STARTED_MS, closed_exam, exam_of
from tests.support.erasing import erase_on_box
from tests.support.fake_clock import FakeClock
from tests.support.strict_mongos import Router, strict_mongos
from tests.support.strict_topologies import topology


async def test_an_archive_s_life_on_a_sharded_cluster(
    state: Path, cloud: CloudServers, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    port = urlsplit(cloud.records_uri).port
    assert port is not None
    async with strict_mongos(port) as router:
        uri = tmp_path / "router.uri"
        await asyncio.to_thread(uri.write_text, router.uri)
        config = replace(cloud_config, records_uri_file=uri)
        assert (await prepare_records(config)).cluster == "sharded cluster"
        async with archived_exam(state, config) as archived:
            made, desk = archived.made, archived.desk(tmp_path / "receipts")
            exam = await desk.archive.open(made.exam_id)
            first, second = made.attempts
            await desk.decisions.decide(
                exam, exam.attempts[first], verdict=Verdict.FINDING, reason="Two.", answer="No."
            )
            await desk.receipts.looked(made.box_id, made.exam_id, first, "snippet", 1)
            await desk.receipts.send(archived.ends.records)
            assert await sent_receipts(archived.ends.records, made.exam_id)
        async with syncer(state, signer=made.signer) as night:
            await night.verify()
            await report_health(night)
        assert len(await fleet(config)) == 1
        other, card = tmp_path / "other", fingerprint(made.signing_key.public_bytes)
        await asyncio.to_thread(new_box, other, config)
        (adopted,) = await adopt(other, made.box_id, card, made.colleague.for_opening())
        assert adopted.opened == 2
        await erase_on_box(state, made.box_id, made.signing_key, made.exam_id, second)
        await finish_erasures(state, signer=made.signer)
        await clean(state, clock=FakeClock(STARTED_MS + 32 * DAY_MS))
        assert (await exam_of(state, made.exam_id)).state is ExamState.PURGED
    names = {collection.name for collection in COLLECTIONS}
    assert _touched(router, "insert", "update") == names
    assert _touched(router, "find") == names
    assert _touched(router, "delete") == names - {"boxes", "tombstones"}


async def test_a_night_and_its_end_on_a_single_server(
    state: Path, cloud: CloudServers, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    """Member of no replica set, as a school's own MongoDB often is."""
    async with topology("single server", cloud.records_uri) as server:
        uri = tmp_path / "alone.uri"
        await asyncio.to_thread(uri.write_text, server.uri)
        config = replace(cloud_config, records_uri_file=uri)
        assert (await prepare_records(config)).cluster == "single server"
        made = await closed_exam(state, config, candidates=1)
        async with syncer(state, signer=made.signer) as night:
            assert (await night.run(lambda sent, total: None)).exams == [made.exam_id]
            (verified,) = await night.verify()
            assert verified.objects == len(made.plain)
        await clean(state, clock=FakeClock(STARTED_MS + 32 * DAY_MS))
        assert (await exam_of(state, made.exam_id)).state is ExamState.PURGED
    assert _touched(server, "insert", "update") >= {"exams", "attempts", "packs", "manifests"}


def _touched(router: Router, *commands: str) -> set[str]:
    return {str(c[name]) for c in router.asked for name in commands if name in c}
