"""Acts on the whole hall and the rarer ones on a seat, key by key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Digits, Input

from appliance.core.attempt import AttemptState, LinkState
from appliance.core.feed import SeatStatus
from tests.tui import halls
from tests.tui.conftest import Console, drawn, press_for, said, until
from tests.tui.scripted_box import ScriptedBox
from tui.hand_bell import HandBell
from tui.screens.break_ledger import BreakLedgerScreen, in_ledger
from tui.screens.hall import HallScreen
from tui.screens.hall_codes import HallCodesScreen
from tui.screens.menu import MenuScreen
from tui.screens.start_gate import StartGateScreen
from tui.screens.start_reason import StartReasonScreen
from tui.widgets.picture import Picture

NOW = halls.NOW_MS


def _asked(box: ScriptedBox, end: str) -> list[Any]:
    return [body for method, path, body in box.asked if path.endswith(end) and method != "GET"]


async def _at(pilot: Any, label: str) -> None:
    await pilot.press("slash", *label.lower(), "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, HallScreen))


def _seat(box: ScriptedBox, label: str) -> SeatStatus:
    return next(seat for seat in box.view.seats.values() if seat.seat == label)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            ("m", "r", "H", "i", "enter"),
            {"to": {"hall": "Hall A", "row": "A"}, "act": "message", "text": "Hi"},
        ),
        (
            ("x", "t", "1", "5", "space", "f", "i", "r", "e", "enter"),
            {"to": {"accommodated": True}, "act": "extra_time", "minutes": 15, "reason": "fire"},
        ),
        (("b", "e"), {"to": {"everybody": True}, "act": "break_start"}),
        (("e", "h"), {"to": {"hall": "Hall A"}, "act": "break_end"}),
    ],
)
async def test_acts_for_several(
    in_hall: Console, box: ScriptedBox, keys: tuple[str, ...], expected: dict[str, Any]
) -> None:
    async with in_hall() as pilot:
        await pilot.press("g", *keys)
        await until(pilot, lambda: bool(_asked(box, f"{halls.EXAM}/acts")))
        assert _asked(box, f"{halls.EXAM}/acts") == [expected]
        await until(pilot, lambda: "Done at 30 seats." in said(pilot))


async def test_who_refused_is_named(in_hall: Console, box: ScriptedBox) -> None:
    seats = [_seat(box, label) for label in ("A1", "A2", "A4")]
    why = "The candidate is not on a break."
    box.not_done = [{"attempt_id": s.attempt_id, "seat": s.seat, "why": why} for s in seats]
    async with in_hall() as pilot:
        await pilot.press("g", "e", "e")
        await until(pilot, lambda: "Done at 27 seats." in said(pilot))
        assert f"Not at A1: {why} And 2 more." in said(pilot)


@pytest.mark.parametrize(
    ("seat", "keys", "end", "expected"),
    [
        ("A2", ("w", *"lens", "enter"), "/acts", {"act": "seat_watched", "reason": "lens"}),
        ("A6", ("l", *"bus", "enter"), "/acts", {"act": "admit_late", "reason": "bus"}),
        (
            "A2",
            ("s", *"b4", "space", *"lamp", "enter"),
            "/seat",
            {"hall": "Hall A", "seat": "b4", "reason": "lamp"},
        ),
    ],
)
async def test_the_rarer_acts_on_a_seat(
    in_hall: Console,
    box: ScriptedBox,
    seat: str,
    keys: tuple[str, ...],
    end: str,
    expected: dict[str, Any],
) -> None:
    async with in_hall() as pilot:
        await _at(pilot, seat)
        await pilot.press("a", *keys)
        await until(pilot, lambda: bool(_asked(box, end)))
        assert _asked(box, end) == [expected]


async def test_a_reason_that_is_not_written_is_asked_for(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await _at(pilot, "A2")
        await pilot.press("a", "w", "enter")
        await until(pilot, lambda: "Nothing is written yet" in drawn(pilot))
        assert not _asked(box, "/acts")


async def test_two_who_exchange_seats_are_both_told(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await _at(pilot, "A2")
        await pilot.press("a", "s", *"b4", "space", *"lamp", "enter")
        await until(pilot, lambda: "Seats A2 and B4 are exchanged." in said(pilot))


async def test_a_computer_that_waits_is_let_in(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await box.tell(replace(_seat(box, "A2"), takeover_asked=True))
        await _at(pilot, "A2")
        await pilot.press("a", "t")
        await until(pilot, lambda: box.acts() == [{"act": "takeover_approve"}])


async def test_a_code_for_a_spare_computer_is_shown(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await _at(pilot, "A2")
        await pilot.press("a", "k")
        await until(pilot, lambda: "K 7 M 2 Q X" in drawn(pilot))
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HallScreen)


async def test_a_watched_seat_offers_its_camera_again(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await _at(pilot, "A2")
        await pilot.press("a", "w", *"lens", "enter")
        await until(pilot, lambda: _seat(box, "A2").camera.value == "watched")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))
        await pilot.press("w")
        await until(pilot, lambda: box.acts()[-1] == {"act": "camera_again"})


async def test_who_has_finished_offers_nothing(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await _at(pilot, "E1")
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HallScreen)


async def test_identities_are_checked_photo_by_photo(in_hall: Console, box: ScriptedBox) -> None:
    """A photo is looked at, and so recorded, when it is that candidate's turn."""

    def looked() -> int:
        return sum(path.endswith("/portrait") for _, path, _ in box.asked)

    async with in_hall() as pilot:
        await pilot.press("g", "i")
        await until(pilot, lambda: "1000" in drawn(pilot))
        photo = pilot.app.screen.query_one("#identity-photo", Picture)
        await until(pilot, lambda: photo.shows_picture)
        assert "Alva Provsson" in drawn(pilot)
        assert looked() == 1
        await pilot.press("i")
        await until(pilot, lambda: box.acts() == [{"act": "identity_checked"}])
        await until(pilot, lambda: "1001" in drawn(pilot))
        assert _seat(box, "A1").identity_checked_by_hand
        await until(pilot, lambda: looked() == 2)
        await pilot.press("left")
        await until(pilot, lambda: "Cleo" not in drawn(pilot) and "1001" not in drawn(pilot))


# --- the ledger --------------------------------------------------------------------------------


async def test_the_ledger_tells_who_is_out_and_ends_a_break(
    in_hall: Console, box: ScriptedBox
) -> None:
    async with in_hall() as pilot:
        await box.tell(
            replace(_seat(box, "B2"), breaks=2, break_total_ms=60_000),
            replace(_seat(box, "C1"), breaks=1, break_total_ms=400_000),
        )
        await pilot.press("g", "l")
        await until(pilot, lambda: isinstance(pilot.app.screen, BreakLedgerScreen))
        await until(pilot, lambda: "06:40 in all" in drawn(pilot))
        words = drawn(pilot)
        assert "1 candidate is out now." in words
        assert "out 03:10" in words
        assert "2 breaks" in words
        assert "04:10 in all" in words
        await pilot.press("b")
        await until(pilot, lambda: box.acts() == [{"act": "break_end"}])
        await until(pilot, lambda: "0 candidates are out now." in drawn(pilot))


def test_the_ledger_begins_with_who_has_been_out_longest() -> None:
    seats = [
        halls.seat(1, "A1", breaks=3, break_total_ms=900_000),
        halls.seat(2, "A2"),
        halls.seat(3, "A3", state=AttemptState.ON_BREAK, breaks=1, break_started_ms=NOW - 5_000),
        halls.seat(4, "A4", state=AttemptState.ON_BREAK, breaks=1, break_started_ms=NOW - 90_000),
    ]
    assert [seat.seat for seat in in_ledger(seats, NOW)] == ["A4", "A3", "A1"]


# --- codes, gate, close-out, shift ---------------------------------------------------------------


async def test_the_hall_s_code_is_shown_large(in_hall: Console, box: ScriptedBox) -> None:
    until_ms = NOW + 120_000
    box.hall_codes = {
        "needed": True,
        "codes": [
            {"hall": "Annex", "code": "07142", "until_ms": until_ms},
            {"hall": "Hall A", "code": "99310", "until_ms": until_ms},
        ],
    }
    async with in_hall() as pilot:
        await pilot.press("g", "k")
        await until(pilot, lambda: "Annex" in drawn(pilot))
        assert "2 min" in drawn(pilot)
        await pilot.press("right")
        await until(pilot, lambda: "Hall A" in drawn(pilot).split("The hall's code")[1])


async def test_a_code_whose_time_is_up_is_replaced_by_the_next(
    in_hall: Console, box: ScriptedBox
) -> None:
    def shown(code: str, until_ms: int) -> dict[str, Any]:
        return {"needed": True, "codes": [{"hall": "Aula", "code": code, "until_ms": until_ms}]}

    box.hall_codes = shown("07142", NOW - 1_000)
    async with in_hall() as pilot:
        await pilot.press("g", "k")
        await until(pilot, lambda: isinstance(pilot.app.screen, HallCodesScreen))
        digits = pilot.app.screen.query_one(Digits)
        await until(pilot, lambda: digits.value == "0 7 1 4 2")
        box.hall_codes = shown("99310", NOW + 120_000)
        await until(pilot, lambda: digits.value == "9 9 3 1 0")


async def test_an_exam_without_a_code_says_so(in_hall: Console) -> None:
    async with in_hall() as pilot:
        await pilot.press("g", "k")
        await until(pilot, lambda: "This exam asks for no code" in drawn(pilot))


_DISK = {"name": "disk", "status": "fail", "detail": "the exam needs 9.1 GB, 2.0 GB are free",
         "advice": "Free room first."}  # fmt: skip
_CLOCK = {"name": "clock", "status": "warn", "detail": "not synchronised", "advice": "Set it."}
_PEPPER = {"name": "pepper", "status": "warn", "detail": "no TPM", "advice": "Lock the box away."}


@pytest.fixture
def open_hall(box: ScriptedBox, in_hall: Console) -> Console:
    exam = box.exams[halls.EXAM]
    box.exams[halls.EXAM] = replace(exam, state=exam.state.__class__("open"), started_ms=None)
    assert box.view.exam is not None
    box.view = replace(box.view, exam=box.exams[halls.EXAM])
    return in_hall


async def test_what_fails_is_shown_and_overridden_with_a_reason(
    open_hall: Console, box: ScriptedBox
) -> None:
    box.gate = [*box.gate, _CLOCK, _DISK, _PEPPER]
    async with open_hall() as pilot:
        await pilot.press("S")
        await until(pilot, lambda: "2 things are not ready" in drawn(pilot))
        assert "9.1 GB" in drawn(pilot)
        assert "not synchronised" in drawn(pilot)
        assert "TPM" not in drawn(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "The exam has not started" in drawn(pilot))
        assert _asked(box, "/state") == []
        await pilot.press(*"later", "enter")
        await until(pilot, lambda: bool(_asked(box, "/state")))
        assert _asked(box, "/state") == [{"to": "live", "override": "later"}]


@pytest.mark.parametrize("name", ["clock", "backlog", "certificate", "media workers", "halls"])
async def test_a_warning_wants_a_reason_and_leaving_starts_nothing(
    open_hall: Console, box: ScriptedBox, name: str
) -> None:
    box.gate = [*box.gate, _CLOCK | {"name": name}]
    async with open_hall() as pilot:
        await press_for(pilot, "S", StartReasonScreen)
        assert pilot.app.screen.query_one(Input).value == ""
        await press_for(pilot, "escape", HallScreen)
        assert _asked(box, "/state") == []


async def test_the_reason_is_asked_for_on_the_way_from_the_list_too(
    open_hall: Console, box: ScriptedBox
) -> None:
    box.gate = [*box.gate, _CLOCK]
    async with open_hall() as pilot:
        await pilot.press("g", "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartGateScreen))
        await press_for(pilot, "enter", StartReasonScreen)
        await pilot.press(*"at ten", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HallScreen))
        await until(pilot, lambda: bool(_asked(box, "/state")))
        assert _asked(box, "/state") == [{"to": "live", "override": "at ten"}]


async def test_what_nobody_can_change_now_is_told_and_enter_starts(
    open_hall: Console, box: ScriptedBox
) -> None:
    box.gate = [*box.gate, _PEPPER]
    async with open_hall() as pilot:
        await pilot.press("S")
        await until(pilot, lambda: "Ready, with something to know:" in drawn(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: _asked(box, "/state") == [{"to": "live"}])


async def test_what_has_changed_since_it_was_looked_at_is_asked_about(
    open_hall: Console, box: ScriptedBox
) -> None:
    box.gate = [_PEPPER]
    async with open_hall() as pilot:
        await press_for(pilot, "S", StartGateScreen)
        box.gate = [_PEPPER, _CLOCK]
        await press_for(pilot, "enter", StartReasonScreen)
        assert "not synchronised" in drawn(pilot)
        await pilot.press(*"later", "enter")
        await until(pilot, lambda: len(_asked(box, "/state")) == 2)
        assert _asked(box, "/state") == [{"to": "live"}, {"to": "live", "override": "later"}]


async def test_looking_again_shows_what_was_put_right(open_hall: Console, box: ScriptedBox) -> None:
    box.gate = [_DISK]
    async with open_hall() as pilot:
        await pilot.press("g", "s")
        await until(pilot, lambda: "1 thing is not ready." in drawn(pilot))
        box.gate = [_PEPPER]
        await pilot.press("r")
        await until(pilot, lambda: "Ready, with something to know:" in drawn(pilot))


def _open_seat(box: ScriptedBox, label: str, why: str, **more: Any) -> dict[str, Any]:
    seat = _seat(box, label)
    return {
        "attempt_id": seat.attempt_id, "hall": seat.hall, "seat": label,
        "pseudonym": seat.pseudonym, "why": why, "arrived": 200, "missing": 0, "waiting": None,
        "link_lost_ms": None,
    } | more  # fmt: skip


async def test_every_open_seat_is_listed_before_the_close(
    in_hall: Console, box: ScriptedBox
) -> None:
    box.open_seats = [
        _open_seat(box, "B5", "link_lost", waiting=12, link_lost_ms=NOW - 75_000),
        _open_seat(box, "C1", "writing"),
        _open_seat(box, "C2", "sending", missing=3),
        _open_seat(box, "A6", "not_here", missing=None),
    ]
    async with in_hall() as pilot:
        await pilot.press("C")
        await until(pilot, lambda: "4 seats are still open." in drawn(pilot))
        words = drawn(pilot)
        assert "link lost 01:15" in words
        assert "12 snippets on the computer" in words
        assert "3 snippets are missing" in words
        await pilot.press("down", "E", *"ill", "enter")
        await until(pilot, lambda: box.acts() == [{"act": "end", "reason": "ill"}])
        box.open_seats = box.open_seats[:1]
        await pilot.press("up")
        await until(pilot, lambda: "1 seat is still open." in drawn(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Close the exam (1 of 2)" in drawn(pilot))


async def test_who_never_came_keeps_nobody_from_closing(in_hall: Console, box: ScriptedBox) -> None:
    box.open_seats = [_open_seat(box, "A6", "not_here")]
    async with in_hall() as pilot:
        await pilot.press("C")
        await until(pilot, lambda: "Close the exam (1 of 2)" in drawn(pilot))


async def test_a_box_that_cannot_say_keeps_nobody_from_closing(
    in_hall: Console, box: ScriptedBox
) -> None:
    box.refusals["/close-out"] = (500, "Something went wrong.")
    async with in_hall() as pilot:
        await pilot.press("C")
        await until(pilot, lambda: "Close the exam (1 of 2)" in drawn(pilot))


async def test_what_still_comes_is_told_after_the_close(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("C")
        await until(pilot, lambda: "Close the exam (1 of 2)" in drawn(pilot))
        await pilot.press("y", *"k7m2qx", "enter")
        box.open_seats = [_open_seat(box, "C2", "sending", missing=3)]
        box.late_until_ms = NOW + 3_600_000
        await until(pilot, lambda: "This box can no longer open" in drawn(pilot))
        await pilot.press("o")
        await until(pilot, lambda: "Taken until 10:42:51." in drawn(pilot))
        assert "3 snippets are missing" in drawn(pilot)
        assert "What still comes" in drawn(pilot)


async def test_notes_and_duty_change_hands(in_hall: Console, box: ScriptedBox) -> None:
    async with in_hall() as pilot:
        await pilot.press("g", "w")
        await until(pilot, lambda: "Nobody has taken the shift." in drawn(pilot))
        await pilot.press("w", *"lamp", "enter")
        await until(pilot, lambda: "ingrid: lamp" in drawn(pilot))
        await pilot.press("t")
        await until(pilot, lambda: "all halls" in drawn(pilot))
        await pilot.press("g")
        await until(pilot, lambda: "Nobody has taken the shift." in drawn(pilot))


# --- the bell ------------------------------------------------------------------------------------


def test_the_bell_rings_once_for_each_hand_and_not_when_muted() -> None:
    bell, quiet = HandBell(), halls.seat(1, "A1")
    up = replace(quiet, hand_raised=True)
    one = quiet.attempt_id
    bell.start({one: quiet})
    assert bell.hear([one], {one: up})
    assert not bell.hear([one], {one: up})
    assert not bell.hear([one], {one: quiet})
    bell.muted = True
    assert not bell.hear([one], {one: up})
    bell.muted = False
    assert not bell.hear([one], {one: up})  # an old hand
    assert not bell.hear([one], {one: quiet})
    assert bell.hear([one], {one: up})


def test_hands_that_were_up_before_ring_for_nobody() -> None:
    up = halls.seat(1, "A1", hand_raised=True)
    bell = HandBell()
    bell.start({up.attempt_id: up})
    assert not bell.hear([up.attempt_id], {up.attempt_id: up})


@pytest.mark.parametrize("field", ["takeover_asked", "late_asked"])
def test_the_bell_rings_for_who_waits_at_the_door(field: str) -> None:
    seat = halls.seat(1, "A1", link=LinkState.NEVER)
    asking = replace(seat, **{field: True})  # type: ignore[arg-type]
    bell = HandBell()
    bell.start({seat.attempt_id: seat})
    assert bell.hear([seat.attempt_id], {seat.attempt_id: asking})


async def test_a_raised_hand_rings_the_terminal_s_bell(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[bool] = []
    async with in_hall() as pilot:
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append(True))
        await box.tell(replace(_seat(box, "A1"), hand_raised=True))
        await until(pilot, lambda: rung == [True])
        await pilot.press("g", "n")
        await until(pilot, lambda: "The bell is off" in said(pilot))
        await box.tell(replace(_seat(box, "A2"), hand_raised=True))
        await until(pilot, lambda: _seat(box, "A2").hand_raised)
        await pilot.pause(0.1)
        assert rung == [True]


async def test_what_a_snapshot_leaves_out_is_not_called_complete_and_its_new_hands_ring(
    in_hall: Console, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[bool] = []
    async with in_hall() as pilot:
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append(True))
        box.forgets = True
        box.refusals["/feed"] = (503, "Restarting.")
        await box.cut_feeds()
        await until(pilot, lambda: "LINK TO THE BOX LOST" in drawn(pilot))
        await box.tell(replace(_seat(box, "A1"), hand_raised=True))
        assert not rung
        del box.refusals["/feed"]
        await until(pilot, lambda: "may be missing" in said(pilot))
        assert "nothing was missed" not in said(pilot)
        assert rung == [True]
