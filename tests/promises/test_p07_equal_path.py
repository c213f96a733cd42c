"""Promise 7: a person can take the machine's place, and it costs the candidate nothing.

On a real box with everything switched on: one candidate is compared by the machine, one was
checked by hand, one has no camera, one refuses the notice. All four sit the exam to its end.
"""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import Any

from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId
from appliance.core.messages import AnalyseSnippet
from appliance.core.processing import Category
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.clips import StagedFootage
from appliance.rehearsal.material import PRESIDENT, VICE_PRESIDENT
from appliance.rehearsal.page_key import PageKey
from appliance.rehearsal.scenes import Scene, SceneKind
from tests.promises.test_p01_settings_table import (
    SWITCHES,
    Room,
    _opened_record,
    lead,
    room,
    settings_toml,
)
from tests.support import clips
from tests.support.box_api import BoxApi, Prepared
from tests.support.media_workers import until

__all__ = ["lead", "room"]

SETTINGS = settings_toml(frozenset(SWITCHES) - {"audio_presence", "hall_microphone"}).replace(
    "several_faces_s = 1", "several_faces_s = 1\nother_person_s = 1"
)
ROSTER = "name,number,seat,hall,extra_minutes\n" + "".join(
    f"Canary {seat},10{seat},{seat},Aula,0\n" for seat in ("A1", "A2", "A3", "A4")
)
ME = "/api/v1/attempts/me"


@cache
def somebody_else() -> bytes:
    """The person of the photo is not the one before the camera."""
    scenes = [Scene(SceneKind.OTHER_PERSON, 0, 16)]
    return StagedFootage(PRESIDENT, VICE_PRESIDENT, scenes).snippet(0.0, 16.0, sound=False)


async def _join(room: Room, exam: Prepared, seat: str) -> tuple[BoxApi, AttemptId]:
    page = room.box.api()
    joined = await page.join(exam.code, exam.seats[seat], PageKey())
    assert joined.status == 201
    return page, AttemptId(joined.json["attempt"])


async def _answer(page: BoxApi, answer: str) -> None:
    notice = await page.ok("GET", f"{ME}/notice")
    await page.ok("POST", f"{ME}/notice", json={"version": notice["version"], "answer": answer})


async def _check_in(page: BoxApi, *, camera: bool) -> dict[str, Any]:
    await page.ok("POST", f"{ME}/devices", json={"camera": camera, "microphone": False})
    if camera:
        jpeg = {"Content-Type": "image/jpeg"}
        photo = await page.ok("PUT", f"{ME}/portrait", data=clips.portrait(), headers=jpeg)
        assert photo["accepted"] is True
    status: dict[str, Any] = await page.ok("POST", f"{ME}/ready")
    return status


async def test_checked_by_hand_no_camera_and_refused_all_sit_the_exam(
    room: Room, lead: BoxApi
) -> None:
    await asyncio.to_thread(somebody_else)
    exam = await room.box.new_exam(lead, SETTINGS, ROSTER)
    compared, compared_id = await _join(room, exam, "A1")
    by_hand, by_hand_id = await _join(room, exam, "A2")
    no_camera, no_camera_id = await _join(room, exam, "A3")
    refused, refused_id = await _join(room, exam, "A4")
    for page in (compared, by_hand, no_camera):
        await _answer(page, "acknowledged")
    await _answer(refused, "refused")

    for page in (compared, by_hand):
        assert (await _check_in(page, camera=True))["attempt_state"] == "recording"
    assert (await _check_in(no_camera, camera=False))["attempt_state"] == "recording"
    assert (await refused.ok("POST", f"{ME}/ready"))["attempt_state"] == "recording"

    act = f"/api/v1/exams/{exam.exam}/attempts/{by_hand_id}/acts"
    seat = await lead.ok("POST", act, json={"act": "identity_checked"})
    assert seat["seat"] == "A2"
    stores = await asyncio.to_thread(open_stores, room.box.state)
    vectors = [
        len(await stores.snippets.objects(attempt, ObjectKind.DESCRIPTOR))
        for attempt in (compared_id, by_hand_id)
    ]
    await stores.close()
    assert vectors == [1, 0]  # who was looked at by a person has none any more

    now_ms = time.time_ns() // 1_000_000
    room.tap.forget()
    assert (await compared.upload(1, somebody_else(), started_ms=now_ms)).status == 201
    await _analysed(room, 1)
    assert (await by_hand.upload(1, somebody_else(), started_ms=now_ms)).status == 201
    await _analysed(room, 2)
    with_machine, with_person = (
        request for request, _ in room.tap.exchanges if isinstance(request, AnalyseSnippet)
    )
    assert Category.DESCRIPTOR in with_machine.permitted
    assert with_machine.reference is not None
    assert Category.DESCRIPTOR not in with_person.permitted
    assert with_person.reference is None

    nothing = await refused.upload(1, somebody_else(), started_ms=now_ms)
    assert (nothing.status, nothing.code) == (403, "no-notice")

    for page, last in ((compared, 1), (by_hand, 1), (no_camera, 0), (refused, 0)):
        status = await page.ok("POST", f"{ME}/hand-in", json={"last_sequence": last})
        assert status["attempt_state"] == "handed_in"
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})

    stores = await asyncio.to_thread(open_stores, room.box.state)
    try:
        seen = {
            attempt: {
                row["kind"] for row in (await _opened_record(room, stores, attempt))["observations"]
            }
            for attempt in (compared_id, by_hand_id, no_camera_id, refused_id)
        }
        kinds = {
            attempt: {o.header.kind for o in await stores.snippets.objects(attempt)}
            for attempt in (no_camera_id, refused_id)
        }
    finally:
        await stores.close()
    assert "other_person" in seen[compared_id]  # or the next line proves nothing
    assert "other_person" not in seen[by_hand_id]
    assert seen[no_camera_id] == seen[refused_id] == set()  # an empty seat picture is no finding
    assert kinds == {no_camera_id: {ObjectKind.RECORD}, refused_id: {ObjectKind.RECORD}}


async def _analysed(room: Room, count: int) -> None:
    await until(lambda: sum(isinstance(r, AnalyseSnippet) for r, _ in room.tap.exchanges) == count)
