"""Boxes say how they are in the database they share; whoever looks after them reads it."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography import x509
from prometheus_client.parser import text_string_to_metric_families

from appliance.adapters.host.tls import certify, ensure_certificate, make_authority
from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.config.night import NightConfig
from appliance.core.errors import IntegrityFailure, Refused
from appliance.core.fleet import Health, State
from appliance.processes.drill import drill
from appliance.processes.fleet import fleet, report_after_round, report_health
from appliance.processes.record_preparation import prepare_records
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.hallvakt_command import hallvakt
from appliance.services.paced_line import Closed
from tests.support.closed_exam import closed_exam
from tests.support.fake_clock import FakeClock

EVENING_MS = round(datetime(2026, 11, 25, 22, tzinfo=UTC).timestamp() * 1000)
UNIT = Path(__file__).parents[3] / "systemd" / "hallvakt-fleet.service"


async def test_two_boxes_and_who_looks_after_them(
    cloud: CloudServers, cloud_config: CloudConfig, database: str, tmp_path: Path
) -> None:
    await prepare_records(cloud_config)
    sent = await closed_exam(tmp_path / "sent", cloud_config)
    waits = await closed_exam(tmp_path / "waits", cloud_config)
    ends = await asyncio.to_thread(_certificate, sent.state)
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
    assert well.health.version == version("hallvakt")
    disk = await asyncio.to_thread(shutil.disk_usage, sent.state)
    full = 100 * (disk.total - disk.free) / disk.total
    assert abs(well.health.disk_used_percent - full) <= 2
    assert well.health.certificate_ends_ms == round(ends.timestamp() * 1000)
    assert late.health.certificate_ends_ms is None
    assert (late.state, late.health.backlog_exams) == (State.WARN, 1)
    assert any("no night" in note for note in late.notes)

    described = tmp_path / "cloud.toml"
    await asyncio.to_thread(cloud.describe, described, database=database)
    said = await hallvakt("fleet", "status", "--cloud", str(described))
    assert said["boxes"][0]["state"] == "warn"
    assert {box["box_id"] for box in said["boxes"]} == set(judged)
    await _as_a_person_and_a_scraper_read_it(described, judged[sent.box_id].health)


async def _as_a_person_and_a_scraper_read_it(described: Path, health: Health) -> None:
    """The same report, its every figure, as a table and in Prometheus' text format."""
    spoken = await _printed("--cloud", str(described))
    heads, *rows = [re.split(r"  +", line) for line in spoken.splitlines()[:3]]
    (row,) = [row for row in rows if row[0] == "ok"]
    assert health.last_verified_ms is not None
    assert health.clock_ahead_ms is not None
    assert health.certificate_ends_ms is not None
    assert dict(zip(heads, row, strict=True)) == {
        "state": "ok",
        "name": health.name,
        "verified": _day(health.last_verified_ms),
        "backlog mb": "0.0",
        "disk percent": str(health.disk_used_percent),
        "certificate": _day(health.certificate_ends_ms),
        "clock s": f"{health.clock_ahead_ms / 1000:+.1f}",
        "version": health.version,
    }
    scraped = await _printed("--cloud", str(described), "--metrics")
    figures = {
        (sample.name.removeprefix("hallvakt_"), sample.labels.get("version")): sample.value
        for family in text_string_to_metric_families(scraped)
        for sample in family.samples
        if sample.labels["box"] == health.box_id
    }
    assert figures["disk_used_ratio", None] == health.disk_used_percent / 100
    assert figures["certificate_end_timestamp_seconds", None] == health.certificate_ends_ms / 1000
    assert figures["clock_ahead_seconds", None] == health.clock_ahead_ms / 1000
    assert figures["last_verified_timestamp_seconds", None] == health.last_verified_ms / 1000
    assert figures["backlog_bytes", None] == 0
    assert figures["box_info", health.version] == 1


async def _printed(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", "fleet", "status", *arguments),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def _certificate(state: Path) -> datetime:
    """Give it one, as its setup does, and another that its school brings: the end of that one."""
    names, now = ("hallvakt.test",), datetime.now(UTC)
    make_authority(state / "tls", "Hallvakt", names, now)
    files = ensure_certificate(state / "tls", names, now - timedelta(days=100))
    brought = files.certificate.read_bytes()
    certify(files, names, now)
    files.public_certificate.write_bytes(brought)
    return x509.load_pem_x509_certificate(brought).not_valid_after_utc


async def test_a_box_without_a_cloud_belongs_to_no_fleet(tmp_path: Path) -> None:
    made = await closed_exam(tmp_path / "box", CloudConfig())
    async with syncer(made.state, signer=made.signer) as night:
        with pytest.raises(Refused, match="no fleet"):
            await report_health(night)


async def test_outside_its_windows_a_box_tells_nobody_anything(
    cloud: CloudServers, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    """The timer's rounds of a day: one record for the night, and none of a calm round."""
    assert "hallvakt fleet report --timer " in await asyncio.to_thread(UNIT.read_text)
    await prepare_records(cloud_config)
    made = await closed_exam(tmp_path / "box", cloud_config, candidates=1)
    await asyncio.to_thread(_by_utc, made.state)
    clock = FakeClock(EVENING_MS - 3_600_000)
    async with syncer(made.state, signer=made.signer) as opened:
        night = replace(opened, clock=clock)

        async def told_after_a_round() -> bool:
            clock.advance(900)
            try:
                await night.run(lambda done, total: None, by_timer=True)
            except Refused as calm:
                if calm.code not in tuple(Closed):
                    raise
            return await report_after_round(night) is not None

        assert [await told_after_a_round() for _ in range(3)] == [False, False, False]
        assert await fleet(cloud_config) == []
        # 22:00: the night. It sends; the rounds after it have nothing to send and nothing to say.
        assert [await told_after_a_round() for _ in range(3)] == [True, False, False]
        (said,) = await fleet(cloud_config)
        assert said.health.backlog_exams == 0
        clock.advance(12 * 3600)  # noon
        assert not await told_after_a_round()
        clock.advance(
            12 * 3600
        )  # the next night has nothing to send, and says once that all is well
        assert [await told_after_a_round() for _ in range(2)] == [True, False]
        await night.night.pause(True)
        clock.advance(24 * 3600)
        assert not await told_after_a_round()


async def test_a_round_that_failed_is_told_of(cloud_config: CloudConfig, tmp_path: Path) -> None:
    await prepare_records(cloud_config)
    made = await closed_exam(tmp_path / "box", cloud_config, candidates=1)
    await asyncio.to_thread(_damage, made.state)
    await asyncio.to_thread(_by_utc, made.state)
    async with syncer(made.state, signer=made.signer) as opened:
        night = replace(opened, clock=FakeClock(EVENING_MS))
        for _ in range(2):
            with pytest.raises(IntegrityFailure):
                await night.run(lambda done, total: None, by_timer=True)
            assert await report_after_round(night) is not None


def _damage(state: Path) -> None:
    next((state / "blobs").glob("*/*")).write_bytes(b"damaged")


def _by_utc(state: Path) -> None:
    """Without windows of its own: the usual night, from 22:00 to 06:00."""
    box.write(state, replace(box.load(state), night=NightConfig(time_zone="UTC")))
