"""Every act of an invigilator, key by key, against the routes of the contract."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input, OptionList

from appliance.core.attempt import AttemptState
from appliance.core.observation import Decision
from tests.tui.conftest import Console, drawn, press_for, said, until
from tests.tui.scripted_box import ScriptedBox
from tests.tui.steady_pilot import SteadyPilot
from tui.app import ConsoleApp
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen
from tui.screens.film_strip import FilmStripScreen
from tui.screens.hall import HallScreen
from tui.screens.seat import SeatScreen
from tui.shift import Shift
from tui.widgets.incident_queue import IncidentQueue
from tui.widgets.picture import Picture
from tui.widgets.seat_map import SeatMap


def _selected(pilot_app: object) -> str | None:
    assert isinstance(pilot_app, ConsoleApp)
    screen = pilot_app.screen
    assert isinstance(screen, HallScreen)
    seat = screen.acted_seat()
    return seat.seat if seat else None


async def test_the_cursor_begins_at_what_needs_eyes_most(in_hall: Console) -> None:
    async with in_hall() as pilot:
        assert _selected(pilot.app) == "A3"


async def test_arrows_move_over_the_plan(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("down", "down", "right", "left", "left", "up")
        assert _selected(pilot.app) == "B2"


async def test_tab_goes_to_the_queue_and_back(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("tab", "down")
        assert pilot.app.screen.query_one(IncidentQueue).has_focus
        await until(pilot, lambda: _selected(pilot.app) == "C5")
        await pilot.press("tab")
        assert pilot.app.screen.query_one(SeatMap).has_focus


async def test_a_narrow_hall_says_at_the_queue_how_to_get_there(in_hall: Console) -> None:
    async with in_hall((80, 24)) as pilot:
        assert "tab: go here" in drawn(pilot)
        await pilot.press("tab")
        assert "tab: go here" not in drawn(pilot)


async def test_what_is_said_in_the_corner_leaves_every_key_in_sight(shift: Shift) -> None:
    app = ConsoleApp(shift)
    async with app.run_test(size=(80, 24), notifications=True):
        pilot = SteadyPilot(app)
        await pilot.settled()
        keys = drawn(pilot).splitlines()[-1]
        app.notify("Said in the corner, at some length. " * 3)
        await until(pilot, lambda: "corner" in drawn(pilot))
        assert drawn(pilot).splitlines()[-1] == keys
        assert "ctrl+p commands" in keys


async def test_enter_looks_at_the_seat(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter")
        picture = pilot.app.screen.query_one("#latest", Picture)
        await until(pilot, lambda: picture.shows_picture)
        assert isinstance(pilot.app.screen, SeatScreen)
        words = drawn(pilot)
        assert "Picture 4 s old" in words
        assert "2 faces in view" in words
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HallScreen)


async def test_no_picture_is_fetched_before_somebody_looks(
    in_hall: Console, box: ScriptedBox
) -> None:
    """Every look is on record, so moving the cursor must not be one."""
    async with in_hall() as pilot:
        await pilot.press("down", "right", "right", "up")
        await pilot.pause(0.2)
    assert not [path for _, path, _ in box.asked if "thumbnail" in path or "portrait" in path]


async def test_a_new_picture_is_fetched_when_it_comes(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter")
        picture = pilot.app.screen.query_one("#latest", Picture)
        await until(pilot, lambda: picture.shows_picture)
        screen = pilot.app.screen
        assert isinstance(screen, SeatScreen)
        seat = screen.acted_seat()
        assert seat is not None
        asked = sum("thumbnail" in path for _, path, _ in box.asked)
        await box.tell(replace(seat, last_picture_ms=box.now_ms))
        await until(pilot, lambda: sum("thumbnail" in p for _, p, _ in box.asked) == asked + 1)


async def test_p_shows_the_photo_beside_the_picture(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("enter", "p")
        photo = pilot.app.screen.query_one("#portrait", Picture)
        await until(pilot, lambda: photo.shows_picture)
        await pilot.press("p")
        assert not photo.display


async def test_dismissing_takes_one_letter(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("d", "s")
        await until(pilot, lambda: any(p.endswith("/decision") for _, p, _ in box.asked))
        assert box.asked[-1][2] == {"decision": "dismissed", "category": "staff", "note": ""}
        await until(pilot, lambda: "Needs eyes · 2" in drawn(pilot))


async def test_confirming_with_a_note(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("c", "n", *"Two", "enter", "enter")
        await until(pilot, lambda: any(p.endswith("/decision") for _, p, _ in box.asked))
        assert box.asked[-1][2] == {
            "decision": "confirmed",
            "category": "candidate",
            "note": "Two",
        }


async def test_a_letter_typed_into_the_note_decides_nothing(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("d", "n", "e", "s", "escape", "escape")
        await pilot.pause()
        assert not [path for _, path, _ in box.asked if path.endswith("/decision")]


async def test_undo_takes_a_decision_back(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("d", "e")
        await until(pilot, lambda: "Needs eyes · 2" in drawn(pilot))
        await pilot.press("u")
        await until(pilot, lambda: "Needs eyes · 3" in drawn(pilot))
        assert box.asked[-1][2]["decision"] is None
        incidents = [i for i in box.view.incidents.values() if i.decision is Decision.DISMISSED]
        assert incidents == []


async def test_the_queue_decides_the_incident_under_its_cursor(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("tab", "down", "down", "d", "t")
        await until(pilot, lambda: any(p.endswith("/decision") for _, p, _ in box.asked))
        path = next(p for _, p, _ in box.asked if p.endswith("/decision"))
        assert path.split("/")[4] == f"{3:032x}"


async def test_one_key_starts_and_ends_a_break(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("down", "b")
        await until(pilot, lambda: "2 on break" in drawn(pilot))
        assert box.acts() == [{"act": "break_start"}]
        await until(
            pilot,
            lambda: _state(pilot.app) is AttemptState.ON_BREAK,
        )
        await pilot.press("b")
        await until(pilot, lambda: len(box.acts()) == 2)
        assert box.acts()[1] == {"act": "break_end"}


def _state(app: object) -> AttemptState | None:
    assert isinstance(app, ConsoleApp)
    screen = app.screen
    seat = screen.acted_seat() if isinstance(screen, HallScreen) else None
    return seat.state if seat else None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("m", "H", "i", "enter"), {"act": "message", "text": "Hi"}),
        (
            ("x", "1", "5", "space", "f", "i", "r", "e", "enter"),
            {"act": "extra_time", "minutes": 15, "reason": "fire"},
        ),
        (
            ("x", "-", "5", "space", "t", "y", "p", "o", "enter"),
            {"act": "extra_time", "minutes": -5, "reason": "typo"},
        ),
        (("i",), {"act": "identity_checked"}),
        (("R", "y"), {"act": "release_seat"}),
        (("E", "i", "l", "l", "enter"), {"act": "end", "reason": "ill"}),
    ],
)
async def test_acts_on_a_seat(
    in_hall: Console, box: ScriptedBox, keys: tuple[str, ...], expected: dict[str, object]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("down", *keys)
        await until(pilot, lambda: bool(box.acts()))
        assert box.acts() == [expected]


async def test_no_slip_of_the_finger_takes_a_page_away(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await press_for(pilot, "R", AskYesScreen)
        await until(pilot, lambda: "Release seat A3 ·" in drawn(pilot))
        await press_for(pilot, "escape", HallScreen)
        await pilot.press("i")
        await until(pilot, lambda: box.acts() == [{"act": "identity_checked"}])


async def test_a_seat_where_nobody_sits_is_not_released(in_hall: Console, box: ScriptedBox) -> None:
    empty = next(s for s in box.view.seats.values() if s.state is AttemptState.EXPECTED)
    async with in_hall() as pilot:
        await pilot.press("slash", *empty.seat.lower(), "enter")
        await until(pilot, lambda: _selected(pilot.app) == empty.seat)
        await pilot.press("R", "y", "m")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskTextScreen))
        assert box.acts() == []


async def test_a_raised_hand_is_taken_down(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("slash", "d", "4", "enter")
        await until(pilot, lambda: _selected(pilot.app) == "D4")
        assert "hand raised" in drawn(pilot)
        await pilot.press("h")
        await until(pilot, lambda: box.acts() == [{"act": "hand_down"}])


async def test_find_by_name(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("slash", *"cleo", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HallScreen))
        assert "Cleo" in drawn(pilot).split("Seat ")[1]


async def test_find_by_the_schools_number(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("slash", *"1014")
        await until(pilot, lambda: "C3       " in drawn(pilot) and " 1014 " in drawn(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HallScreen))
        await until(pilot, lambda: _selected(pilot.app) == "C3")


async def test_a_number_finds_nobody_while_names_are_hidden(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("n", "slash", *"1014")
        await until(pilot, lambda: pilot.app.screen.query_one(Input).value == "1014")
        assert pilot.app.screen.query_one("#found", OptionList).option_count == 0


async def test_n_hides_every_name(in_hall: Console) -> None:
    async with in_hall() as pilot:
        assert "Cleo Testberg" in drawn(pilot)
        await pilot.press("n")
        await pilot.pause()
        assert "Cleo" not in drawn(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "Cleo" not in drawn(pilot)


async def test_the_film_strip_begins_at_the_evidence(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("o")
        await until(pilot, lambda: "snippet 249 (10 of 11)" in drawn(pilot))
        assert isinstance(pilot.app.screen, FilmStripScreen)
        await pilot.press("right")
        await until(pilot, lambda: "snippet 250 (11 of 11)" in drawn(pilot))
        assert all(picture.shows_picture for picture in pilot.app.screen.query(Picture))
        await pilot.press("left", "left")
        await until(pilot, lambda: "snippet 248" in drawn(pilot))


async def test_a_refused_act_is_one_sentence(in_hall: Console, box: ScriptedBox) -> None:
    box.refusals["/acts"] = (409, "The attempt has ended; nothing can be done to it.")
    async with in_hall() as pilot:
        await pilot.press("b")
        await until(pilot, lambda: "nothing can be done to it." in said(pilot))
