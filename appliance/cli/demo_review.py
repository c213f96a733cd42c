"""The demo's reviewer: another machine that has a key file and a `cloud.toml`, and no box."""

from __future__ import annotations

import asyncio

from appliance.adapters.crypto.private_keys import read_private_key
from appliance.config.cloud_file import load_cloud_file
from appliance.core.ids import ExamId
from appliance.core.snippet import ObjectKind
from appliance.processes.cloud_ends import cloud_ends
from appliance.rehearsal.pictures import count_pictures
from appliance.rehearsal.report import DemoReport, ReviewResult
from appliance.rehearsal.school import School
from appliance.review.archive import Archive


async def review(school: School, exam: ExamId, report: DemoReport) -> list[bytes]:
    """Open and decode every snippet of the cloud copy; fill in `report.review`.

    Returns the biometric descriptors found, so that they can be searched for elsewhere.
    """
    description = school.offline / "cloud.toml"
    await asyncio.to_thread(school.cloud.describe, description)
    cloud = load_cloud_file(description)
    key = await asyncio.to_thread(
        read_private_key, school.reviewer_key, school.passphrases.reviewer
    )
    result, descriptors = ReviewResult(), []
    async with cloud_ends(cloud.cloud) as ends:
        archive = Archive(ends.objects, ends.records, key.for_opening(), trusted=cloud.trust.keys())
        opened = await archive.open(exam)
        for attempt, found in opened.attempts.items():
            for sequence in found.sequences(ObjectKind.SNIPPET):
                media = await archive.read(opened, attempt, ObjectKind.SNIPPET, sequence)
                result.opened_snippets += 1
                result.frames_decoded += await asyncio.to_thread(count_pictures, media)
            descriptors += [
                await archive.read(opened, attempt, ObjectKind.DESCRIPTOR, sequence)
                for sequence in found.sequences(ObjectKind.DESCRIPTOR)
            ]
    report.review = result
    return descriptors
