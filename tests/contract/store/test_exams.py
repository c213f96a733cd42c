"""ExamStore."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.errors import Conflict, NotFound, WrongState
from appliance.core.exam import ExamState
from tests.contract.store.samples import EXAM, OTHER_EXAM, exam


async def test_every_field_comes_back(stores: Stores, other: Stores) -> None:
    await stores.exams.add(exam())
    assert await other.exams.get(EXAM) == exam()
    assert list(await other.exams.all()) == [exam()]


async def test_an_id_is_taken_once(stores: Stores) -> None:
    await stores.exams.add(exam())
    with pytest.raises(Conflict):
        await stores.exams.add(exam(code="OTHER2"))


async def test_a_code_is_free_again_when_its_exam_is_closed(stores: Stores) -> None:
    first, second = exam(), exam(OTHER_EXAM)
    await stores.exams.add(first)
    with pytest.raises(Conflict):
        await stores.exams.add(second)
    await stores.exams.replace(replace(first, state=ExamState.CLOSED), expected=ExamState.DRAFT)
    with pytest.raises(NotFound):
        await stores.exams.by_code(first.code)
    await stores.exams.add(second)
    assert await stores.exams.by_code(first.code) == second


async def test_of_two_acts_on_one_state_one_wins(stores: Stores, other: Stores) -> None:
    await stores.exams.add(exam())
    ready = replace(exam(), state=ExamState.READY)
    answers = await asyncio.gather(
        stores.exams.replace(ready, expected=ExamState.DRAFT),
        other.exams.replace(ready, expected=ExamState.DRAFT),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers if answer is not None] == [WrongState]
    assert (await stores.exams.get(EXAM)).state is ExamState.READY


async def test_replace_of_nothing_says_not_found(stores: Stores) -> None:
    with pytest.raises(NotFound):
        await stores.exams.replace(exam(), expected=ExamState.DRAFT)
    with pytest.raises(NotFound):
        await stores.exams.get(EXAM)
