"""Boxes say how they are in the database they share; whoever looks after them reads it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from appliance.config.box import CloudConfig
from appliance.core.errors import Refused
from appliance.core.fleet import State
from appliance.processes.drill import drill
from appliance.processes.fleet import fleet, report_health
from appliance.processes.record_preparation import prepare_records
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.hallvakt_command import hallvakt
from tests.support.closed_exam import closed_exam


async def test_two_boxes_and_who_looks_after_them(
    cloud: CloudServers, cloud_config: CloudConfig, database: str, tmp_path: Path
) -> None:
    await prepare_records(cloud_config)
    sent = await closed_exam(tmp_path / "sent", cloud_config)
    waits = await closed_exam(tmp_path / "waits", cloud_config)
    async with syncer(sent.state, signer=sent.signer) as night:
        await night.run(lambda done, total: None)
        await night.verify(packs=1)
        await drill(night, time.time_ns() // 1_000_000)
        await report_health(night)
        again = await report_health(night)  # the same record, not a second one
    async with syncer(waits.state, signer=waits.signer) as night:
        await report_health(night)
    judged = {one.health.box_id: one for one in await fleet(cloud_config)}
    assert set(judged) == {sent.box_id, waits.box_id}
    well, late = judged[sent.box_id], judged[waits.box_id]
    assert well.health == again
    assert (well.health.drill_ok, well.health.backlog_bytes) == (True, 0)
    assert well.health.last_verified_ms is not None
    assert well.health.clock_ahead_ms is not None
    assert abs(well.health.clock_ahead_ms) < 2_000
    assert (late.state, late.health.backlog_exams) == (State.WARN, 1)
    assert any("no night" in note for note in late.notes)

    described = tmp_path / "cloud.toml"
    await asyncio.to_thread(cloud.describe, described, database=database)
    said = await hallvakt("fleet", "status", "--cloud", str(described))
    assert said["boxes"][0]["state"] == "warn"
    assert {box["box_id"] for box in said["boxes"]} == set(judged)


async def test_a_box_without_a_cloud_belongs_to_no_fleet(tmp_path: Path) -> None:
    made = await closed_exam(tmp_path / "box", CloudConfig())
    async with syncer(made.state, signer=made.signer) as night:
        with pytest.raises(Refused, match="no fleet"):
            await report_health(night)
