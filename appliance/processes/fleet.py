"""`hallvakt fleet`, composed: what a box says of itself, and what all of them said."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from appliance.adapters.cloud.records import MongoRecords
from appliance.adapters.host.tls import TlsFiles, read_certificate
from appliance.config.box import CloudConfig
from appliance.core.errors import HallvaktError, Refused
from appliance.core.exam import ExamState
from appliance.core.fleet import Health, Judged, judge_all
from appliance.processes.cloud_ends import as_verifier, records_uri
from appliance.processes.drill import last_drill
from appliance.processes.syncer import Syncer
from appliance.services import cloud_documents as documents
from appliance.services.fleet_records import health_document, read_health


async def report_health(night: Syncer) -> Health:
    """Say how this box is. Raise Refused without a cloud, Unreachable without a line."""
    if night.config.cloud.objects == "none":
        raise Refused("No cloud is configured, so this box belongs to no fleet.", code="no-cloud")
    records = await _records(night.config.cloud)
    try:
        await records.check_residency()
        health = await _health(night, await records.clock_ms())
        await records.upsert(documents.HEALTH, [health_document(health)])
    finally:
        await records.close()
    await night.report_due.told()
    return health


async def report_after_round(night: Syncer) -> Health | None:
    """As the timer does; None, and nothing sent, where there is nothing to tell or no leave to."""
    if await night.night.paused() or not await night.report_due():
        return None
    return await report_health(night)


async def fleet(config: CloudConfig) -> list[Judged]:
    """All boxes that share the database, the worst first. Raise Refused when it lies elsewhere than
    in the EU/EEA."""
    records = await _records(as_verifier(config))
    try:
        await records.check_residency()
        found = [read_health(document) for document in await records.find(documents.HEALTH)]
    finally:
        await records.close()
    return judge_all([health for health in found if health is not None], _now_ms())


async def _health(night: Syncer, database_ms: int) -> Health:
    status, drilled = await night.night.status(), await last_drill(night)
    exams: Sequence[ExamState] = [exam.state for exam in await night.stores.exams.all()]
    confirmed = [
        pack.confirmed_ms
        for exam in await night.stores.exams.all()
        for pack in await night.journal.heads(exam.exam_id)
        if pack.confirmed_ms is not None
    ]
    disk = await asyncio.to_thread(shutil.disk_usage, night.state)
    now_ms = _now_ms()
    return Health(
        box_id=night.config.box_id,
        name=night.config.name,
        at_ms=now_ms,
        version=await asyncio.to_thread(version, "hallvakt"),
        last_sync_ms=max(confirmed, default=None),
        last_verified_ms=status.last_verified_ms,
        last_drill_ms=drilled.at_ms if drilled else None,
        drill_ok=drilled.ok if drilled else None,
        backlog_bytes=status.backlog_bytes,
        backlog_exams=exams.count(ExamState.CLOSED),
        disk_used_percent=round(100 * (disk.total - disk.free) / disk.total),
        certificate_ends_ms=await asyncio.to_thread(_certificate_ends_ms, night.state),
        clock_ahead_ms=now_ms - database_ms,
        next_window_ms=status.next_window.opens_ms if status.next_window else None,
    )


def _certificate_ends_ms(state: Path) -> int | None:
    """Of the one that is served. None where the box has none yet, or it cannot be read: doctor
    says why."""
    try:
        ends = read_certificate(TlsFiles.below(state / "tls").served_certificate).ends
    except (HallvaktError, OSError):
        return None
    return round(ends.timestamp() * 1000)


async def _records(config: CloudConfig) -> MongoRecords:
    uri = await asyncio.to_thread(records_uri, config.records_uri_file)
    return MongoRecords(uri, config.records_database, trusted=config.trusted_locations)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
