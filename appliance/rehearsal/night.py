"""The night after, with the commands that the timers call, and a search for plaintext."""

from __future__ import annotations

import asyncio
from typing import Any

from appliance.rehearsal.hallvakt_command import hallvakt
from appliance.rehearsal.plaintext_scan import MEDIA_MARKS, name_marks, scan, scan_bytes
from appliance.rehearsal.report import DemoReport, SeenInReview, SyncResult
from appliance.rehearsal.school import School

_DESCRIPTOR_MARK_BYTES = 32  # enough that no other bytes are these


async def sync(school: School, report: DemoReport) -> None:
    """Upload, read back, purge."""
    await hallvakt("sync", "run", state=school.state)
    verified: Any = await hallvakt("sync", "verify", state=school.state)
    status: Any = await hallvakt("sync", "status", state=school.state)
    purged: Any = await hallvakt("janitor", state=school.state)
    report.sync = SyncResult(
        packs=status["confirmed_packs"],
        bytes=verified["bytes"],
        confirmed=status["backlog_bytes"] == 0 and status["confirmed_packs"] > 0,
        purged_locally=purged["purged"],
    )


async def search_plaintext(school: School, report: DemoReport, seen: SeenInReview) -> None:
    """Every byte under the box's state and under the cloud's data, and every document."""
    marks = dict(MEDIA_MARKS) | name_marks(report.canaries)
    for number, descriptor in enumerate(seen.descriptors):
        marks[f"descriptor {number}"] = descriptor[:_DESCRIPTOR_MARK_BYTES]
    marks["lead invigilator's passphrase"] = school.passphrases.lead.encode()
    report.plaintext_found = await asyncio.to_thread(
        scan, [school.state, school.cloud.directory], marks
    )
    report.plaintext_found += scan_bytes("a record of the database", seen.documents, marks)
