"""What the gateway takes in, what it refuses, and what it says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appliance.core.snippet import MAX_SNIPPET_BYTES
from appliance.rehearsal.page_key import PageKey
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.ebml_writer import (
    TRACKS,
    cluster,
    element,
    simple,
    ten_frames,
    video_track,
    vp8,
    webm,
)
from tests.support.tiny_webm import tiny_webm


async def test_any_order_is_taken_and_acknowledged_without_gaps(candidate: BoxApi) -> None:
    seen = []
    for number in (3, 1, 2, 5, 4):
        reply = await candidate.upload(number, tiny_webm(number))
        assert reply.status == 201
        seen.append(reply.json["acknowledged"])
    assert seen == [0, 1, 3, 3, 5]
    assert (await candidate.ok("GET", "/api/v1/attempts/me"))["acknowledged"] == 5


async def test_the_same_again_is_the_same_answer_and_other_bytes_are_not(
    candidate: BoxApi,
) -> None:
    first = await candidate.upload(1, tiny_webm(1))
    assert (await candidate.upload(1, tiny_webm(1))).json == first.json
    other = await candidate.upload(1, tiny_webm(2))
    assert (other.status, other.code) == (409, "other-digest")


async def test_the_same_snippet_many_times_at_once_is_kept_once(candidate: BoxApi) -> None:
    replies = await asyncio.gather(*(candidate.upload(1, tiny_webm(1)) for _ in range(8)))
    taken = [r for r in replies if r.status == 201]
    assert taken
    assert {r.code for r in replies if r.status != 201} <= {"busy"}  # two of a seat at once
    assert {r.json["sequence"] for r in taken} == {1}
    assert (await candidate.ok("GET", "/api/v1/attempts/me"))["acknowledged"] == 1


@pytest.mark.parametrize(
    ("media", "status"),
    [
        pytest.param(b"", 415, id="nothing"),
        pytest.param(b"GIF89a" + bytes(500), 415, id="another format"),
        pytest.param(tiny_webm(1)[:900], 422, id="truncated"),
        pytest.param(webm(ten_frames(vp8(width=16383, height=16383))), 413, id="huge picture"),
        pytest.param(
            webm(ten_frames(), tracks=element(TRACKS, video_track(width=16384, height=16384))),
            413,
            id="huge picture claimed",
        ),
        pytest.param(
            webm(ten_frames(), cluster(36_000_000, simple(0, vp8()))), 413, id="ten hours"
        ),
    ],
)
async def test_what_is_not_a_snippet_is_refused(
    candidate: BoxApi, media: bytes, status: int
) -> None:
    reply = await candidate.upload(1, media)
    assert reply.status == status, reply.json
    assert (await candidate.ok("GET", "/api/v1/attempts/me"))["acknowledged"] == 0
    assert (await candidate.upload(1, tiny_webm(1))).status == 201


# What a page sends, the digest it gives (None: the right one), the box's answer.
REFUSED = [
    pytest.param(tiny_webm(1)[:900], None, 422, id="cannot be opened"),
    pytest.param(bytes(MAX_SNIPPET_BYTES + 1), None, 413, id="too large"),
    pytest.param(tiny_webm(1), bytes(32), 400, id="another digest"),
]


@pytest.mark.parametrize(("media", "digest", "status"), REFUSED)
async def test_the_first_refused_snippet_of_a_seat_is_told_to_the_consoles_and_no_other(
    lead: BoxApi,
    exam: Prepared,
    candidate: BoxApi,
    media: bytes,
    digest: bytes | None,
    status: int,
) -> None:
    """The page tells the candidate that the invigilator knows. Each is sent twice, as it does."""
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        told: list[dict[str, Any]] = []
        for number in (1, 1, 2, 2):
            assert (await candidate.upload(number, media, digest=digest)).status == status
        assert (await candidate.upload(3, tiny_webm(3))).status == 201
        while not told or told[-1]["kind"] != "seat" or told[-1]["data"]["last_sequence"] != 3:
            told.append(await feed.receive_json(timeout=60))
    [notice] = [one["data"] for one in told if one["kind"] == "notice"]
    assert notice["level"] == "warning"
    assert notice["text"].startswith("Seat A1 sent a recording that cannot be used: watch ")
    seat = told[-1]["data"]
    assert notice["attempt_id"] == seat["attempt_id"]
    assert (await candidate.upload(1, tiny_webm(1))).status == 201  # told, and still welcome


async def test_one_damaged_upload_is_told_to_nobody(
    lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    """Nor is what nobody wants: a number far away, too large or not."""
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        assert (await candidate.upload(1, tiny_webm(1), digest=bytes(32))).status == 400
        assert (await candidate.upload(1, tiny_webm(1))).status == 201
        assert (await candidate.upload(2, tiny_webm(2), digest=bytes(32))).status == 400
        assert (await candidate.upload(900, bytes(MAX_SNIPPET_BYTES + 1))).status == 413
        assert (await candidate.upload(2, tiny_webm(2))).status == 201
        told: list[dict[str, Any]] = []
        while not told or told[-1]["kind"] != "seat" or told[-1]["data"]["last_sequence"] != 2:
            told.append(await feed.receive_json(timeout=60))
    assert not any(one["kind"] == "notice" for one in told)


async def test_too_many_bytes_are_refused_before_they_are_read(candidate: BoxApi) -> None:
    reply = await candidate.upload(1, bytes(MAX_SNIPPET_BYTES + 1))
    assert (reply.status, reply.code) == (413, "too-large")


async def test_too_many_bytes_without_a_length_are_refused_too(candidate: BoxApi) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(100_000)

    reply = await candidate.ask(
        "PUT",
        "/api/v1/attempts/me/snippets/1",
        data=endless(),
        headers={
            "Content-Type": "video/webm",
            "Content-Digest": f"sha-256=:{'A' * 43}=:",
            "Hallvakt-Started-Ms": "0",
        },
    )
    assert (reply.status, reply.code) == (413, "too-large")


async def test_a_digest_that_does_not_fit_is_refused(candidate: BoxApi) -> None:
    reply = await candidate.upload(1, tiny_webm(1), digest=hashlib.sha256(b"other").digest())
    assert (reply.status, reply.code) == (400, "digest-mismatch")


async def test_a_number_far_away_is_refused(candidate: BoxApi) -> None:
    reply = await candidate.upload(361, tiny_webm(1))
    assert (reply.status, reply.code) == (400, "sequence-out-of-range")
    assert (await candidate.upload(360, tiny_webm(1))).status == 201


async def test_nothing_is_taken_before_the_exam_is_live(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, to="open")
    page = await _joined(box, exam)
    await page.check_in()
    reply = await page.upload(1, tiny_webm(1))
    assert (reply.status, reply.code) == (409, "exam-not-live")


async def test_nothing_is_taken_when_video_is_switched_off(box: RealBox, lead: BoxApi) -> None:
    settings = SETTINGS.replace("video_snippets = true", "video_snippets = false")
    page = await _joined(box, await box.new_exam(lead, settings))
    await page.check_in()
    reply = await page.upload(1, tiny_webm(1))
    assert (reply.status, reply.code) == (403, "snippets-off")
    assert not list((box.state / "blobs").glob("*/*unfinished*"))


async def test_nothing_is_taken_from_who_refused_the_notice(box: RealBox, exam: Prepared) -> None:
    page = await _joined(box, exam)
    answer = {"version": "", "answer": "refused"}
    status = await page.ok("POST", "/api/v1/attempts/me/notice", json=answer)
    assert status["camera"] == "refused"
    await page.ok("POST", "/api/v1/attempts/me/ready")
    reply = await page.upload(1, tiny_webm(1))
    assert (reply.status, reply.code) == (403, "no-notice")


async def test_a_name_for_a_field_that_is_not_there_is_refused(candidate: BoxApi) -> None:
    reply = await candidate.ask(
        "POST", "/api/v1/attempts/me/hand-in", json={"last_sequence": 1, "extra": True}
    )
    assert (reply.status, reply.code) == (400, "bad-json")


async def _joined(box: RealBox, exam: Prepared) -> BoxApi:
    page = box.api()
    assert (await page.join(exam.code, exam.seats["A1"], PageKey())).status == 201
    return page
