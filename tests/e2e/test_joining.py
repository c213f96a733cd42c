"""Codes that are wrong, seats that are taken, pages that are open twice."""

from __future__ import annotations

from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings

WITHOUT_PHOTO = {"face_photo": False, "live_view": False}


async def test_a_wrong_code_is_said_in_one_sentence(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings(**WITHOUT_PHOTO))
    page = (await open_page()).page
    await page.goto(room.origin)
    await shown(page, "join")
    await page.click("#join-form button")
    assert "Type both codes" in await page.inner_text("#join-problem")
    await page.fill("#exam-code", room.code)
    await page.fill("#seat-code", "AAAAAAAA")
    await page.keyboard.press("Enter")
    await page.wait_for_function(
        "() => document.getElementById('join-problem').textContent.includes('is wrong')"
    )
    assert await page.get_attribute("#seat-code", "aria-invalid") == "true"
    code = room.seat_codes["A1"]
    await page.fill("#seat-code", f" {code[:4].lower()} {code[4:].lower()} ")
    await page.keyboard.press("Enter")
    await shown(page, "notice")


async def test_a_second_computer_on_a_seat_is_refused_until_the_seat_is_released(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(**WITHOUT_PHOTO))
    first = await open_page()
    await first.page.goto(room.urls["A1"])
    await first.page.click("#join-form button")
    await walk_to_the_room(first.page)

    second = (await open_page()).page
    await second.goto(room.urls["A1"])
    await second.click("#join-form button")
    await second.wait_for_selector("#join-problem:not([hidden])")
    assert "in use on another computer" in await second.inner_text("#join-problem")
    await room.until_seat("A1", lambda s: s.takeover_asked)

    await room.act("A1", "release_seat")
    await shown(first.page, "join")
    assert "released" in await first.page.inner_text("#join-problem")
    await second.click("#join-form button")
    await shown(second, "notice", "devices", "room")


async def test_only_one_window_works_at_a_time(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings(**WITHOUT_PHOTO))
    first = await open_page()
    await first.page.goto(room.urls["A1"])
    await first.page.click("#join-form button")
    await shown(first.page, "notice")
    other = await first.page.context.new_page()
    await other.goto(room.origin)
    await shown(other, "elsewhere")
    await first.page.close()
    await shown(other, "notice")
