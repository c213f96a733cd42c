"""From the login to the close: what the console says when things begin, break and end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events

from appliance.core.disk import DiskState
from appliance.core.exam import ExamState
from appliance.core.feed import Announcement, HallSnapshot
from tests.tui import halls
from tests.tui.conftest import Console, drawn, hall_is_shown, log_in, press_for, said, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen
from tui.screens.closed import ClosedScreen
from tui.screens.exam_choice import ExamChoiceScreen
from tui.screens.hall import HallScreen
from tui.screens.help import HelpScreen
from tui.screens.login import LoginScreen
from tui.screens.seat import SeatScreen
from tui.shift import Shift


@pytest.fixture
def snapshot_of_hall(request: pytest.FixtureRequest) -> HallSnapshot:
    state: ExamState = getattr(request, "param", ExamState.LIVE)
    return halls.usual_hall(state)


in_state = pytest.mark.parametrize


async def test_a_wrong_passphrase_is_one_sentence(console: Console, box: ScriptedBox) -> None:
    async with console() as pilot:
        await pilot.press("x", "enter")
        await until(pilot, lambda: "User, passphrase or code is wrong." in drawn(pilot))
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_the_passphrase_is_never_drawn(console: Console) -> None:
    async with console() as pilot:
        await pilot.press("h", "u", "s", "h")
        assert "hush" not in drawn(pilot)


async def test_the_one_time_code_goes_along(console: Console, box: ScriptedBox) -> None:
    async with console() as pilot:
        await pilot.press(*"right", "space", *"horse", "tab", *"123456", "enter")
        await until(pilot, lambda: hall_is_shown(pilot))
        assert box.asked[0][2]["one_time_code"] == "123456"


@in_state("snapshot_of_hall", [ExamState.DRAFT], indirect=True)
async def test_an_exam_is_led_from_draft_to_live(
    console: Console, box: ScriptedBox, shift: Shift
) -> None:
    shift.exam_code = ""
    async with console() as pilot:
        await log_in(pilot)
        await until(pilot, lambda: "being prepared" in drawn(pilot))
        assert isinstance(pilot.app.screen, ExamChoiceScreen)
        await pilot.press("O")  # not possible yet, and not in the footer
        await pilot.press("R")
        await until(pilot, lambda: "O opens it" in drawn(pilot))
        await pilot.press("O")
        await until(pilot, lambda: "enter goes into the hall" in drawn(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Check-in is open" in drawn(pilot))
        await pilot.press("S")
        await until(pilot, lambda: " LIVE 00:00" in drawn(pilot))
        wanted = [body["to"] for _, path, body in box.asked if path.endswith("/state")]
        assert wanted == ["ready", "open", "live"]


async def test_an_invigilator_is_not_offered_the_leads_keys(
    in_hall: Console, box: ScriptedBox
) -> None:
    box.role = "invigilator"
    async with in_hall() as pilot:
        assert "close exam" not in drawn(pilot)
        await pilot.press("C")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HallScreen)


async def test_closing_asks_twice_and_then_says_why_nothing_opens(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("C")
        await until(pilot, lambda: "This cannot be undone" in drawn(pilot))
        assert "28 seats have not handed in yet" in drawn(pilot)
        await pilot.press("y", *"k7m2q", "enter")
        await until(pilot, lambda: "nothing has happened" in drawn(pilot))
        assert box.exams[halls.EXAM].state is ExamState.LIVE
        await pilot.press("x", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ClosedScreen))
        words = drawn(pilot)
        assert "can no longer open a picture" in words
        assert "live key destroyed" in words
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExamChoiceScreen))


async def test_leaving_the_close_dialog_changes_nothing(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await press_for(pilot, "C", AskYesScreen)
        await press_for(pilot, "escape", HallScreen)
        await press_for(pilot, "C", AskYesScreen)
        await press_for(pilot, "y", AskTextScreen)
        await press_for(pilot, "escape", HallScreen)
        assert not [path for _, path, _ in box.asked if path.endswith("/state")]


async def test_one_escape_too_many_does_not_leave_the_hall(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("tab", "escape")  # from the queue to the seats
        assert "esc once more" not in said(pilot)
        assert hall_is_shown(pilot)
        await pilot.press("escape")
        assert "Press esc once more to leave the hall." in said(pilot)
        assert hall_is_shown(pilot)
        await press_for(pilot, "escape", ExamChoiceScreen)


async def test_a_close_by_somebody_else_ends_what_is_on_top(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SeatScreen))
        await box.tell(halls.exam(ExamState.CLOSED))
        await until(pilot, lambda: isinstance(pilot.app.screen, ClosedScreen))


async def test_ctrl_l_locks_at_once_and_leads_back(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter", "ctrl+l")
        await until(pilot, lambda: isinstance(pilot.app.screen, LoginScreen))
        assert "Cleo" not in drawn(pilot)
        await until(pilot, lambda: ("POST", "/logout", None) in box.asked)
        await log_in(pilot)
        await until(pilot, lambda: hall_is_shown(pilot))


async def test_a_lost_link_is_loud_and_nothing_is_missed(
    in_hall: Console, box: ScriptedBox, socket_path: object
) -> None:
    async with in_hall() as pilot:
        box.refusals["/feed"] = (503, "Restarting.")
        await box.cut_feeds()
        await until(pilot, lambda: "LINK TO THE BOX LOST" in drawn(pilot))
        await box.tell(replace(_seat(box, "A1"), hand_raised=True))
        del box.refusals["/feed"]
        await until(pilot, lambda: "2 hand raised" in drawn(pilot))
        assert "nothing was missed" in said(pilot)
        assert box.resumed_after[-1] == 1


async def test_a_login_that_ended_asks_for_a_new_one(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        box.refusals["/acts"] = (401, "Your login has ended.")
        await pilot.press("b")
        await until(pilot, lambda: "Your login has ended." in drawn(pilot))
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_a_box_locked_by_a_restart_says_what_to_do(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await box.tell(replace(halls.BOX, unlocked=False, relay=False))
        await until(pilot, lambda: "press ctrl+l" in drawn(pilot))
        assert "RELAY DOWN" in drawn(pilot)
        box.refusals["/thumbnail"] = (423, "The key is not here; log in again.")
        await pilot.press("enter")
        await until(pilot, lambda: "The key is not here" in drawn(pilot))


@pytest.mark.parametrize("state", [state for state in DiskState if state is not DiskState.OK])
async def test_a_disk_that_cannot_be_written_is_said_over_everything_else(
    in_hall: Console, box: ScriptedBox, state: DiskState
) -> None:
    async with in_hall() as pilot:
        await box.tell(replace(halls.BOX, unlocked=False, disk=state))
        await until(pilot, lambda: "THE BOX'S DISK" in drawn(pilot))
        shown = " ".join(drawn(pilot).split())
        assert "Tell the technician now." in shown
        assert "press ctrl+l" not in shown
        await box.tell(replace(halls.BOX))
        await until(pilot, lambda: "THE BOX'S DISK" not in drawn(pilot))


async def test_an_announcement_names_its_seat(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        seat = _seat(box, "B4")
        await box.tell(
            Announcement(level="warning", text="Another computer asks.", attempt_id=seat.attempt_id)
        )
        await until(pilot, lambda: "Seat B4: Another computer asks." in drawn(pilot))


async def test_a_long_announcement_is_read_to_its_end_in_a_narrow_terminal(
    in_hall: Console, box: ScriptedBox
) -> None:
    said = "Another computer asks for seat B4: look who sits there, and let it in if that is right."
    async with in_hall((80, 24)) as pilot:
        seat = _seat(box, "B4")
        await box.tell(Announcement(level="warning", text=said, attempt_id=seat.attempt_id))
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()))


async def test_other_incidents_stay_in_view_beside_a_seat(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "2 other incidents need eyes, first seat C5" in drawn(pilot))


async def test_help_explains_keys_and_signs(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        assert "dismiss" in drawn(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HallScreen)


async def test_three_themes(in_hall: Console) -> None:
    async with in_hall() as pilot:
        seen = {pilot.app.theme}
        for _ in range(3):
            await pilot.press("ctrl+t")
            seen.add(pilot.app.theme)
        assert seen == {"hallvakt-dark", "hallvakt-light", "hallvakt-contrast"}


def _seat(box: ScriptedBox, label: str):  # type: ignore[no-untyped-def]
    return next(seat for seat in box.view.seats.values() if seat.seat == label)


async def test_enter_never_overtakes_the_letters_before_it(
    console: Console, box: ScriptedBox
) -> None:
    """Keys that come in one burst, as from a paste or a slow line."""
    async with console() as pilot:
        for key in (*"right", "space", *"horse", "enter"):
            character = " " if key == "space" else key if len(key) == 1 else "\r"
            pilot.app.post_message(events.Key(key, character))
        await until(pilot, lambda: hall_is_shown(pilot))


async def test_what_is_typed_behind_the_name_is_the_passphrase(
    console: Console, box: ScriptedBox, shift: Shift
) -> None:
    """It would stand there in clear, for the whole hall to read."""
    shift.user = ""
    async with console() as pilot:
        for key in (*"anna", "enter", *"right", "space", *"horse", "enter"):
            character = " " if key == "space" else key if len(key) == 1 else "\r"
            pilot.app.post_message(events.Key(key, character))
        await until(pilot, lambda: hall_is_shown(pilot))
    assert shift.user == "anna"


@pytest.mark.parametrize("opened_by", ["/", "m"])
async def test_what_is_typed_behind_the_key_that_opens_a_line_is_in_that_line(
    opened_by: str, in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        hall = pilot.app.screen
        assert isinstance(hall, HallScreen)
        board, b2 = hall.board, _seat(box, "B2").attempt_id
        if opened_by == "m":
            board.select(b2)
            await pilot.pause()
        for key in (opened_by, *"b2", "enter"):
            character = "\r" if key == "enter" else key
            pilot.app.post_message(events.Key(key.replace("/", "slash"), character))
        if opened_by == "/":
            await until(pilot, lambda: pilot.app.screen is hall and board.selected == b2)
        else:
            await until(pilot, lambda: bool(box.acts()))
            assert {"act": "message", "text": "b2"}.items() <= box.acts()[0].items()
