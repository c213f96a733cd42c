"""Where two halls have a seat of the same label, what is said of one says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.core.feed import Announcement, HallSnapshot, HallView
from appliance.core.observation import ObservationKind, Strength
from tests.tui import halls
from tests.tui.conftest import Console, drawn, press_for, until
from tests.tui.scripted_box import ScriptedBox
from tui.plain_words import seat_line
from tui.queue_entries import entries
from tui.screens.ask_text import AskTextScreen
from tui.screens.break_ledger import BreakLedgerScreen
from tui.screens.close_out import CloseOutScreen
from tui.screens.hall import HallScreen
from tui.seat_look import SeatLook
from tui.seat_place import place_of, shared_labels
from tui.shift import Shift
from tui.widgets.news_line import NewsLine
from tui.widgets.seat_card import SeatCard

HERE, THERE, ALONE = halls.seat(1, "A1"), halls.seat(2, "A1", "Annex"), halls.seat(3, "B1")
SEATS = (HERE, THERE, ALONE)


@pytest.fixture
def snapshot_of_hall() -> HallSnapshot:
    return replace(halls.usual_hall(), seats=SEATS, incidents=())


def test_only_a_label_of_several_halls_is_told_with_its_hall() -> None:
    shared = shared_labels(SEATS)
    assert [place_of(s, shared) for s in SEATS] == ["A1 (Hall A)", "A1 (Annex)", "B1"]


def test_plain_lines_and_the_queue_say_which_hall() -> None:
    assert "Seat A1 (Annex)" in seat_line(THERE, 0, (), shared_labels(SEATS), names_hidden=True)
    incident = halls.incident(
        1, THERE.attempt_id, ObservationKind.NOBODY_IN_VIEW, 14, Strength.STRONG
    )
    view = HallView(
        seats={s.attempt_id: s for s in SEATS}, incidents={incident.incident_id: incident}
    )
    [entry] = entries(view, halls.NOW_MS)
    assert entry.second.startswith("Annex · ")


async def test_what_cannot_be_undone_names_seat_hall_and_candidate(in_hall: Console) -> None:
    async with in_hall((80, 24)) as pilot:
        await pilot.press("slash", *"a1")
        await until(pilot, lambda: "Annex" in drawn(pilot).partition("Find")[2])
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HallScreen))
        await until(pilot, lambda: "Seat A1 (Annex)" in drawn(pilot))
        await press_for(pilot, "E", AskTextScreen)
        await until(
            pilot, lambda: f"End the exam for seat A1 (Annex) · {THERE.name}" in drawn(pilot)
        )


async def test_news_name_a_seat_once_and_its_hall(in_hall: Console, box: ScriptedBox) -> None:
    late = "Somebody has come late to seat A1: admit late lets them in."
    told = [
        (THERE, late, f"Annex: {late}"),
        (ALONE, "Pen on the floor.", "Seat B1: Pen on the floor."),
        (ALONE, "B1: no picture.", "B1: no picture."),
    ]
    async with in_hall((120, 40)) as pilot:
        news = pilot.app.screen.query_one(NewsLine)

        def shows(words: str) -> Callable[[], bool]:
            return lambda: str(news.content).strip() == words

        for seat, text, shown in told:
            await box.tell(Announcement(level="warning", text=text, attempt_id=seat.attempt_id))
            await until(pilot, shows(shown))


async def test_breaks_and_small_pictures_say_which_hall(
    in_hall: Console, box: ScriptedBox, shift: Shift
) -> None:
    shift.letters = True
    async with in_hall((80, 24)) as pilot:
        for there in (THERE, ALONE):
            await box.tell(replace(there, breaks=1, break_total_ms=60_000))
        await pilot.press("v")
        await until(pilot, lambda: "A1 (Annex)" in drawn(pilot))
        assert "A1 (Hall A)" in drawn(pilot)
        await pilot.press("g", "l")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakLedgerScreen))
        await until(pilot, lambda: drawn(pilot).count("01:00 in all") == 2)
        rows = [row for row in drawn(pilot).splitlines() if "in all" in row]
    assert "A1 (Annex)" in rows[0]
    assert str(THERE.name) in rows[0]
    assert rows[0].index("1 break") == rows[1].index("1 break")


async def test_with_letters_no_sign_stands_anywhere_on_the_card(
    in_hall: Console, box: ScriptedBox, shift: Shift
) -> None:
    shift.letters = True
    signs = {look.glyph for look in SeatLook if look.glyph != look.letter} | {"▪", "◉"}
    asked = replace(HERE, hand_raised=True, watchers=1, identity_checked_by_hand=True)
    incident = halls.incident(
        1, HERE.attempt_id, ObservationKind.NOBODY_IN_VIEW, 14, Strength.STRONG
    )
    async with in_hall((120, 40)) as pilot:
        await box.tell(asked, incident)
        await pilot.press("home")
        await until(pilot, lambda: "1 person looks live" in drawn(pilot))
        card = pilot.app.screen.query_one(SeatCard)
        lines = [line.split(maxsplit=1) for line in str(card.content).splitlines()]
        assert {sign for sign, *_ in lines} >= {"*", "H", "-", "@", "v"}
        assert not set(drawn(pilot)) & signs
        await pilot.press("enter")
        await until(pilot, lambda: "! needs eyes" in drawn(pilot))
        assert not set(drawn(pilot)) & signs


async def test_open_seats_are_listed_with_their_hall(in_hall: Console, box: ScriptedBox) -> None:
    box.open_seats = [
        {
            "attempt_id": s.attempt_id, "hall": s.hall, "seat": s.seat, "pseudonym": s.pseudonym,
            "why": "writing", "arrived": 9, "missing": 0, "waiting": None, "link_lost_ms": None,
        }
        for s in SEATS
    ]  # fmt: skip
    async with in_hall((80, 24)) as pilot:
        await press_for(pilot, "C", CloseOutScreen)
        await until(pilot, lambda: "3 seats are still open" in drawn(pilot))
        listed = [line for line in drawn(pilot).splitlines() if "has not handed in" in line]
    assert [("Annex" in line, "Hall A" in line) for line in listed] == [
        (False, True), (True, False), (False, False)
    ]  # fmt: skip
