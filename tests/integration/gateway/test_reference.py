"""Identity is still compared after a crash: the first login reads the sealed descriptor back."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest

from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId, ExamId
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.page_key import PageKey
from appliance.rehearsal.scenes import SceneKind
from tests.support import clips
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared

_METRICS = (
    SETTINGS
    + """face_photo = true
track_misuse_metrics = true

[basis]
legal_basis = "6(1)(e)"
dpia_reference = "2026-4"
"""
)


@pytest.fixture(scope="module")
def workers() -> int:
    return 1


async def _kinds_until(feed: aiohttp.ClientWebSocketResponse, kind: str) -> set[str]:
    """Kinds of observations until `kind` is among them."""
    seen: set[str] = set()
    async with asyncio.timeout(60):
        while kind not in seen:
            told = await feed.receive_json()
            if told["kind"] == "incident":
                seen |= set(told["data"]["kinds"])
    return seen


async def _photographed_then_killed(box: RealBox, lead: BoxApi) -> tuple[Prepared, BoxApi, str]:
    """A candidate with an accepted photo, on a box that was killed and started again: the exam,
    the page, the attempt."""
    exam = await box.new_exam(lead, _METRICS)
    page = box.api()
    attempt = (await page.join(exam.code, exam.seats["A1"], PageKey())).json["attempt"]
    await page.check_in()
    photo = await asyncio.to_thread(clips.portrait, "president")
    headers = {"Content-Type": "image/jpeg"}
    answer = await page.ok("PUT", "/api/v1/attempts/me/portrait", data=photo, headers=headers)
    assert answer["accepted"]
    await box.login()  # so that a passphrase gives the live key back
    token = page.token
    await box.restart(signal.SIGKILL)
    return exam, box.api(token), attempt


async def _send(page: BoxApi, lead: BoxApi, exam: Prepared, kind: SceneKind, count: int) -> None:
    started_ms = (await lead.ok("GET", f"/api/v1/exams/{exam.exam}"))["started_ms"]
    for number in range(count):
        media = await asyncio.to_thread(
            clips.snippet, "president", kind, start_s=10.0 * (number + 1)
        )
        reply = await page.upload(number + 1, media, started_ms=started_ms + 10_000 * number)
        assert reply.status == 201


async def test_another_person_is_noticed_after_a_kill(box: RealBox, lead: BoxApi) -> None:
    exam, page, attempt = await _photographed_then_killed(box, lead)
    stores = await asyncio.to_thread(open_stores, box.state)
    (descriptor,) = await stores.snippets.objects(AttemptId(attempt), ObjectKind.DESCRIPTOR)
    await stores.close()
    assert descriptor.size > 4 * 128  # a vector of 128 float32, sealed
    lead = await box.login()
    async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        await _send(page, lead, exam, SceneKind.OTHER_PERSON, 5)
        assert await _kinds_until(feed, "other_person") == {"other_person"}


async def test_the_right_person_is_recognised_after_a_kill(box: RealBox, lead: BoxApi) -> None:
    exam, page, attempt = await _photographed_then_killed(box, lead)
    lead = await box.login()
    await _send(page, lead, exam, SceneKind.USUAL, 2)
    stores = await asyncio.to_thread(open_stores, box.state)
    async with asyncio.timeout(60):
        while waiting := await stores.snippets.not_analysed(ExamId(exam.exam)):  # noqa: ASYNC110
            await asyncio.sleep(0.1 * len(waiting))  # workers of another process look
    await stores.close()
    detail = await lead.ok("GET", f"/api/v1/exams/{exam.exam}/attempts/{attempt}")
    assert (len(detail["snippets"]), detail["incidents"]) == (2, [])
