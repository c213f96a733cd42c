"""The demo's reviewer: another machine that has a key file and a `cloud.toml`, and no box."""

from __future__ import annotations

import asyncio

import cbor2

from appliance.adapters.crypto.private_keys import read_private_key
from appliance.config.cloud_file import load_cloud_file
from appliance.core.ids import ExamId
from appliance.core.snippet import ObjectKind
from appliance.processes.cloud_ends import cloud_ends
from appliance.rehearsal.pictures import count_pictures
from appliance.rehearsal.report import DemoReport, ReviewResult, SeenInReview
from appliance.rehearsal.school import School
from appliance.review.archive import Archive
from appliance.services.cloud_documents import ATTEMPTS, EXAMS, MANIFESTS, PACKS, TOMBSTONES

COLLECTIONS = (EXAMS, ATTEMPTS, PACKS, MANIFESTS, TOMBSTONES)


async def review(school: School, exam: ExamId, report: DemoReport) -> SeenInReview:
    """Open and decode every snippet of the cloud copy; fill in `report.review`."""
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
        documents = [
            cbor2.dumps(document, default=_as_text)
            for collection in COLLECTIONS
            for document in await ends.records.find(collection)
        ]
    report.review = result
    return SeenInReview(descriptors=descriptors, documents=b"".join(documents))


def _as_text(encoder: cbor2.CBOREncoder, value: object) -> None:
    encoder.encode(str(value))
