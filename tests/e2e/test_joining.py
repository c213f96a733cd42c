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
    await shown(first.page, "moved")
    await shown(second, "notice", "devices", "room")  # it asked again by itself
    await first.page.click("#moved-again")
    await shown(first.page, "join")


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


async def test_the_code_of_the_hall_is_asked_for_when_the_exam_wants_it(
    room: ExamRoom, open_page: OpenPage
) -> None:
    await room.open(settings(**WITHOUT_PHOTO) + "\n[join]\nhall_code = true\n")
    page = (await open_page()).page
    await page.goto(room.urls["A1"])
    assert await page.is_hidden("#hall-code")
    await page.click("#join-form button")
    await page.wait_for_selector("#hall-code-field:not([hidden])")
    assert "hall code too" in await page.inner_text("#join-problem")
    await page.keyboard.type("0000")
    await page.keyboard.press("Enter")
    await page.wait_for_function(
        "() => document.getElementById('join-problem').textContent.includes('not right')"
    )
    [shown_there] = (await room.call("GET", f"/exams/{room.exam}/hall-codes"))["codes"]
    await page.keyboard.type(shown_there["code"].lower())
    await page.keyboard.press("Enter")
    await shown(page, "notice")


async def test_a_seat_moves_to_another_computer_and_nothing_is_lost(
    room: ExamRoom, open_page: OpenPage
) -> None:
    """The waiting page goes on by itself when it is let in; the first one sends what it has."""
    await room.open(settings(**WITHOUT_PHOTO))
    first = await open_page()
    await first.page.goto(room.urls["A1"])
    await first.page.click("#join-form button")
    await walk_to_the_room(first.page)
    await room.to("live")
    await first.until_recorded(1)
    await room.act("A1", "message", text="Read question two again.")

    second = await open_page()
    await second.page.goto(room.urls["A1"])
    await second.page.click("#join-form button")
    await room.until_seat("A1", lambda s: s.takeover_asked)
    await room.act("A1", "takeover_approve")
    await shown(first.page, "moved")
    await first.page.wait_for_function(
        "() => document.getElementById('moved-left').textContent.includes('No recording is left')"
    )
    assert (await first.database())["snippets"] == []
    assert await shown(second.page, "devices", "room") in {"devices", "room"}
    await second.until_strip("recording", "true")
    assert "question two" in await second.page.inner_text("#messages-list")
    before = int((await first.strip())["recorded"])
    await room.until_kept("A1", before + 1)
    sent = {one.sequence for one in first.sent} | {one.sequence for one in second.sent}
    assert set(await room.kept("A1")) <= sent
    assert {one.sequence for one in first.sent} <= set(await room.kept("A1"))
