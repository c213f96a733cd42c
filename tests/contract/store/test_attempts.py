"""AttemptStore."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.attempt import AttemptState
from appliance.core.errors import Conflict, NotFound, WrongState
from tests.contract.store.samples import EXAM, OTHER_EXAM, attempt, full_attempt


async def test_every_field_comes_back(stores: Stores, other: Stores) -> None:
    await stores.attempts.add([attempt(1), full_attempt(2)])
    assert await other.attempts.get(full_attempt(2).attempt_id) == full_attempt(2)
    assert await other.attempts.by_token(f"{2:064x}") == full_attempt(2)
    assert list(await other.attempts.of_exam(EXAM)) == [attempt(1), full_attempt(2)]


async def test_seats_are_in_the_order_people_count_them(stores: Stores) -> None:
    await stores.attempts.add([attempt(10), attempt(2), attempt(1)])
    labels = [a.seat.label for a in await stores.attempts.of_exam(EXAM)]
    assert labels == ["A1", "A2", "A10"]


async def test_all_or_none_when_a_seat_is_taken(stores: Stores) -> None:
    await stores.attempts.add([attempt(1)])
    again = replace(attempt(3), seat=attempt(1).seat)
    with pytest.raises(Conflict):
        await stores.attempts.add([attempt(2), again])
    assert list(await stores.attempts.of_exam(EXAM)) == [attempt(1)]


async def test_the_same_seat_in_another_exam_is_another_seat(stores: Stores) -> None:
    await stores.attempts.add([attempt(1)])
    await stores.attempts.add([replace(attempt(2, OTHER_EXAM), seat=attempt(1).seat)])


async def test_of_two_acts_on_one_state_one_wins(stores: Stores, other: Stores) -> None:
    await stores.attempts.add([attempt()])
    there = replace(attempt(), state=AttemptState.CHECKED_IN)
    answers = await asyncio.gather(
        *(s.attempts.replace(there, expected=AttemptState.EXPECTED) for s in (stores, other)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers if answer is not None] == [WrongState]


async def test_a_roster_is_removed_without_touching_another_exam(stores: Stores) -> None:
    kept = attempt(2, OTHER_EXAM)
    await stores.attempts.add([attempt(1)])
    await stores.attempts.add([kept])
    await stores.attempts.remove_of_exam(EXAM)
    assert list(await stores.attempts.of_exam(EXAM)) == []
    assert list(await stores.attempts.of_exam(OTHER_EXAM)) == [kept]


async def test_what_is_not_there_is_not_found(stores: Stores) -> None:
    for look in (
        stores.attempts.get(attempt().attempt_id),
        stores.attempts.by_token("0" * 64),
        stores.attempts.replace(attempt(), expected=AttemptState.EXPECTED),
    ):
        with pytest.raises(NotFound):
            await look
