"""AttendanceStore."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.attendance import ActNote, Break, SeatLeft, total_ms
from appliance.core.errors import Conflict
from appliance.core.exam import Seat
from appliance.core.ids import UserId
from tests.contract.store.samples import EXAM, OTHER_EXAM, attempt

ONE, TWO = attempt(1).attempt_id, attempt(2).attempt_id


async def test_breaks_begin_and_end_in_turn(stores: Stores, other: Stores) -> None:
    await stores.attempts.add([attempt(1), attempt(2)])
    ledger = stores.attendance
    await ledger.start_break(ONE, 100)
    await ledger.start_break(ONE, 150)  # out already
    await ledger.end_break(ONE, 160)
    await ledger.end_break(ONE, 170)  # back already
    await ledger.start_break(ONE, 200)
    await ledger.start_break(TWO, 205)
    expected = [Break(started_ms=100, ended_ms=160), Break(started_ms=200)]
    assert list(await other.attendance.breaks(ONE)) == expected
    assert total_ms(expected) == 60
    assert await ledger.breaks_of_exam(EXAM) == {ONE: expected, TWO: [Break(started_ms=205)]}
    assert await ledger.breaks_of_exam(OTHER_EXAM) == {}


async def test_a_clock_put_back_makes_no_negative_break(stores: Stores) -> None:
    await stores.attendance.start_break(ONE, 100)
    await stores.attendance.end_break(ONE, 50)
    assert list(await stores.attendance.breaks(ONE)) == [Break(started_ms=100, ended_ms=100)]


async def test_two_exchange_seats_and_each_remembers_its_own(stores: Stores) -> None:
    await stores.attempts.add([attempt(1), attempt(2), attempt(3)])
    a, b = attempt(1).seat, attempt(2).seat
    await stores.attendance.move({ONE: b, TWO: a}, 10)
    assert (await stores.attempts.get(ONE)).seat == b
    assert (await stores.attempts.get(TWO)).seat == a
    elsewhere = Seat(hall="Annex", label="X1")
    await stores.attendance.move({ONE: elsewhere}, 20)
    assert list(await stores.attendance.seats_left(ONE)) == [
        SeatLeft(seat=a, until_ms=10),
        SeatLeft(seat=b, until_ms=20),
    ]
    assert list(await stores.attendance.seats_left(attempt(3).attempt_id)) == []


async def test_a_seat_of_somebody_else_moves_nobody(stores: Stores) -> None:
    await stores.attempts.add([attempt(1), attempt(2), attempt(3)])
    with pytest.raises(Conflict):
        await stores.attendance.move({ONE: Seat(hall="Annex", label="X1"), TWO: attempt(3).seat}, 1)
    assert (await stores.attempts.get(ONE)).seat == attempt(1).seat
    assert list(await stores.attendance.seats_left(ONE)) == []


async def test_pages_that_lost_their_seat(stores: Stores, other: Stores) -> None:
    await stores.attendance.keep_page("aa", ONE, 1)
    await stores.attendance.keep_page("aa", ONE, 2)
    assert await other.attendance.attempt_of_page("aa") == ONE
    assert await other.attendance.attempt_of_page("bb") is None


async def test_all_of_it_goes_with_the_roster(stores: Stores) -> None:
    kept = replace(attempt(2, OTHER_EXAM), exam_id=OTHER_EXAM)
    await stores.attempts.add([attempt(1)])
    await stores.attempts.add([kept])
    for one in (ONE, TWO):
        await stores.attendance.start_break(one, 1)
        await stores.attendance.keep_page(f"token of {one}", one, 1)
    await stores.attendance.move({ONE: Seat(hall="X", label="1")}, 1)
    await stores.attempts.remove_of_exam(EXAM)
    assert list(await stores.attendance.breaks(ONE)) == []
    assert list(await stores.attendance.seats_left(ONE)) == []
    assert await stores.attendance.attempt_of_page(f"token of {ONE}") is None
    assert list(await stores.attendance.breaks(TWO)) == [Break(started_ms=1)]


async def test_reasons_are_kept_until_close(stores: Stores, other: Stores) -> None:
    await stores.attempts.add([attempt(1), attempt(2, OTHER_EXAM)])
    why = ActNote(at_ms=5, actor=UserId("u" * 32), act="extra_time", reason="fire", minutes=15)
    for one in (ONE, TWO):
        await stores.attendance.note_act(one, why)
    assert list(await other.attendance.act_notes(ONE)) == [why]
    await stores.attendance.forget_act_notes(EXAM)
    assert list(await stores.attendance.act_notes(ONE)) == []
    assert list(await stores.attendance.act_notes(TWO)) == [why]
