"""What somebody else decides while this person looks at the same queue."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot

from appliance.core.ids import IncidentId, UserId
from appliance.core.observation import Decision, Incident, ReasonCategory
from tests.tui.conftest import Console, drawn, press_for, said, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.decision import DecisionScreen
from tui.screens.film_strip import FilmStripScreen
from tui.screens.hall import HallScreen

ANOTHER = UserId("9" * 32)
SECOND_PERSON = IncidentId(f"{1:032x}")


def confirmed_elsewhere(box: ScriptedBox, incident: IncidentId) -> Incident:
    return replace(
        box.view.incidents[incident],
        decision=Decision.CONFIRMED,
        decided_by=ANOTHER,
        decided_ms=box.now_ms,
        category=ReasonCategory.STAFF,
    )


def meant(pilot: Pilot[None]) -> tuple[str, str]:
    """The seat that keys act on, and the seat of the incident that they decide."""
    screen = pilot.app.screen
    assert isinstance(screen, HallScreen)
    seat, incident = screen.acted_seat(), screen.acted_incident()
    of = screen.hall.view.seats[incident.attempt_id].seat if incident else ""
    return seat.seat if seat else "", of


async def test_when_an_entry_goes_seat_card_and_keys_go_on_to_the_next_one(
    in_hall: Console, box: ScriptedBox
) -> None:
    """By this person's own word, and by another's, which is said."""
    async with in_hall() as pilot:
        await pilot.press("tab")
        assert meant(pilot) == ("A3", "A3")
        await box.tell(confirmed_elsewhere(box, SECOND_PERSON))
        await until(pilot, lambda: "Needs eyes · 2" in drawn(pilot))
        assert meant(pilot) == ("C5", "C5")
        shown = drawn(pilot)
        assert "Seat C5" in shown
        assert "Nobody in view" in shown
        assert "Seat A3 (second person): confirmed at another console; that stands." in said(pilot)
        await pilot.press("d")
        assert "Seat C5: nobody in view" in drawn(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "Needs eyes · 1" in drawn(pilot))
        assert meant(pilot) == ("C5", "C5")
        assert said(pilot).count("another console") == 1


async def test_a_film_strip_is_of_the_seat_of_the_incident(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("tab")
        await box.tell(confirmed_elsewhere(box, SECOND_PERSON))
        await until(pilot, lambda: "Needs eyes · 2" in drawn(pilot))
        await press_for(pilot, "o", FilmStripScreen)
        assert "C5" in drawn(pilot)


async def test_a_word_on_what_another_has_decided_meanwhile_is_not_sent(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await press_for(pilot, "d", DecisionScreen)
        await box.tell(confirmed_elsewhere(box, SECOND_PERSON))
        screen = next(s for s in pilot.app.screen_stack if isinstance(s, HallScreen))
        await until(pilot, lambda: screen.hall.view.incidents[SECOND_PERSON].decision is not None)
        await pilot.press("e")
        await until(pilot, lambda: "another console; that stands." in said(pilot))
        assert not [path for _, path, _ in box.asked if path.endswith("/decision")]


async def test_undo_leaves_alone_what_another_has_decided_since(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await pilot.press("d", "e")
        await until(pilot, lambda: "Needs eyes · 2" in drawn(pilot))
        await box.tell(confirmed_elsewhere(box, SECOND_PERSON))
        screen = pilot.app.screen
        assert isinstance(screen, HallScreen)
        await until(pilot, lambda: screen.hall.view.incidents[SECOND_PERSON].decided_by == ANOTHER)
        await pilot.press("u")
        await until(pilot, lambda: "another console; that stands." in said(pilot))
        sent = [body for _, path, body in box.asked if path.endswith("/decision")]
        assert [body["decision"] for body in sent] == ["dismissed"]
        assert screen.check_action("undo", ()) is False
