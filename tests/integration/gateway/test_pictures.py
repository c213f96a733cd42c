"""With a real media worker: stills, photos and what was not looked at yet."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import pytest

from appliance.rehearsal.page_key import PageKey
from tests.support import clips
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi

JPEG = b"\xff\xd8\xff"


@pytest.fixture(scope="module")
def workers() -> int:
    return 1


async def test_a_snippet_becomes_a_still_and_a_film_strip(box: RealBox, lead: BoxApi) -> None:
    settings = SETTINGS + "face_photo = true\n"
    exam = await box.new_exam(lead, settings)
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats["A1"], PageKey())).json["attempt"]
    await page.check_in()
    base = f"/api/v1/exams/{exam.exam}/attempts/{attempt}"
    assert (await lead.ask("GET", f"{base}/portrait")).status == 404
    photo = await asyncio.to_thread(clips.portrait)
    answer = await page.ok(
        "PUT", "/api/v1/attempts/me/portrait", data=photo, headers={"Content-Type": "image/jpeg"}
    )
    assert answer == {"accepted": True, "hints": [], "sentences": []}
    kept = (await lead.ask("GET", f"{base}/portrait")).body
    assert kept.startswith(JPEG)
    # Who comes to the seat later is compared with this photo: it is nobody's to replace.
    other = await asyncio.to_thread(clips.portrait, "president")
    again = await page.ask(
        "PUT", "/api/v1/attempts/me/portrait", data=other, headers={"Content-Type": "image/jpeg"}
    )
    assert (again.status, again.code) == (409, "photo-taken")
    assert (await lead.ask("GET", f"{base}/portrait")).body == kept

    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        media = await asyncio.to_thread(clips.snippet, seconds=5.0)
        assert (await page.upload(1, media)).status == 201
        async with asyncio.timeout(60):
            while True:
                told = await feed.receive_json()
                if told["kind"] == "seat" and told["data"]["last_picture_ms"]:
                    break
    assert (await lead.ask("GET", f"{base}/thumbnail")).body.startswith(JPEG)
    strip = await lead.ok("GET", f"{base}/snippets/1/film-strip", params={"count": "4"})
    assert len(strip["stills"]) == 4
    assert all(b64decode(still["jpeg"]).startswith(JPEG) for still in strip["stills"])
    assert (await lead.ask("GET", f"{base}/snippets/2/film-strip")).status == 404

    report = await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    assert (report["snippets"], report["unanalysed"]) == (1, 0)


async def test_what_is_no_photo_is_refused(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead, SETTINGS + "face_photo = true\n")
    page = box.api()
    await page.join(exam.code, exam.seats["A1"], PageKey())
    await page.check_in()
    headers = {"Content-Type": "image/jpeg"}
    path = "/api/v1/attempts/me/portrait"
    assert (await page.ask("PUT", path, data=b"no photo", headers=headers)).status == 422
    large = bytes(2 * 1024 * 1024 + 1)
    assert (await page.ask("PUT", path, data=large, headers=headers)).status == 413
