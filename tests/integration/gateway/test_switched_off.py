"""What an exam's settings switch off is not taken in, whatever a page sends."""

from __future__ import annotations

import pytest

from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import document
from tests.support import ebml_writer as w
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.tiny_webm import tiny_webm

_TRACKS = w.element(w.TRACKS, w.video_track(), w.sound_track())
_SPOKEN = w.webm(
    w.ten_frames(), w.cluster(0, w.simple(20, b"opus", track=2)), tracks=_TRACKS
)  # a second of picture with one packet of sound
_SILENT = w.webm(w.ten_frames(), tracks=_TRACKS)


async def _seated(box: RealBox, exam: Prepared) -> BoxApi:
    page = box.api()
    assert (await page.join(exam.code, exam.seats["A1"], PageKey())).status == 201
    await page.check_in()
    return page


async def test_sound_is_not_kept_where_none_is_recorded(box: RealBox, candidate: BoxApi) -> None:
    blobs = sorted((box.state / "blobs").glob("*/*"))
    reply = await candidate.upload(1, _SPOKEN)
    assert (reply.status, reply.code) == (422, "sound-not-permitted")
    assert (await candidate.ok("GET", "/api/v1/attempts/me"))["acknowledged"] == 0
    assert sorted((box.state / "blobs").glob("*/*")) == blobs
    # A track that was described and stayed empty holds nobody's voice.
    assert (await candidate.upload(1, _SILENT)).status == 201


async def test_sound_is_kept_where_the_notice_says_so(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, SETTINGS + "audio_presence = true\n")
    page = await _seated(box, exam)
    assert (await page.upload(1, _SPOKEN)).status == 201
    assert (await page.upload(2, tiny_webm(2))).status == 201  # a seat without a microphone


@pytest.mark.parametrize("body", [b"\xff\xd8\xff" + bytes(500), b""])
async def test_a_photo_is_refused_where_none_is_taken(candidate: BoxApi, body: bytes) -> None:
    path, headers = "/api/v1/attempts/me/portrait", {"Content-Type": "image/jpeg"}
    reply = await candidate.ask("PUT", path, data=body, headers=headers)
    assert (reply.status, reply.code) == (403, "photo-off")
    assert (await candidate.ok("GET", "/api/v1/attempts/me"))["portrait"] is False


async def test_no_relay_runs_where_no_live_view_is(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    attempt = (await candidate.ok("GET", "/api/v1/attempts/me"))["attempt"]
    refused = await lead.ask("GET", f"/api/v1/exams/{exam.exam}/attempts/{attempt}/live")
    assert (refused.status, refused.code) == (403, "live-view-off")
    assert not list((box.state / "run").glob("relay-*"))


def test_media_goes_in_at_two_routes_and_nowhere_else() -> None:
    """The hall microphone's sound and live pictures have no way into the gateway."""
    bodies = {
        (path, media)
        for path, item in document()["paths"].items()
        for operation in item.values()
        if isinstance(operation, dict)
        for media in operation.get("requestBody", {}).get("content", {})
        if not media.startswith(("application/json", "text/"))
    }
    assert bodies == {
        ("/api/v1/attempts/me/snippets/{sequence}", "video/webm"),
        ("/api/v1/attempts/me/portrait", "image/jpeg"),
    }
