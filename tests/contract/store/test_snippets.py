"""SnippetStore."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import ObjectName
from appliance.core.snippet import ObjectKind
from tests.contract.store.samples import EXAM, attempt, number, snippet, stored

WHO = attempt().attempt_id


async def test_every_field_comes_back(stores: Stores, other: Stores) -> None:
    full = replace(snippet(7), late=True, analysed=True)
    await stores.snippets.add_snippet(full)
    assert await other.snippets.snippet(WHO, 7) == full
    assert await other.snippets.snippet(WHO, 8) is None


async def test_a_number_is_taken_once_even_when_asked_at_the_same_time(stores: Stores) -> None:
    same = [
        replace(snippet(1), stored=replace(stored(n), name=ObjectName(number(n))))
        for n in range(1, 9)
    ]
    answers = await asyncio.gather(
        *(stores.snippets.add_snippet(s) for s in same), return_exceptions=True
    )
    assert [type(a) for a in answers if a is not None] == [Conflict] * 7
    # The losers left no object row behind either.
    assert len(await stores.snippets.objects(WHO)) == 1


async def test_snippets_are_in_the_order_of_their_numbers(stores: Stores) -> None:
    for sequence in (3, 1, 2):
        await stores.snippets.add_snippet(snippet(sequence))
    await stores.snippets.add_snippet(snippet(1, who=2))
    assert [s.sequence for s in await stores.snippets.snippets(WHO)] == [1, 2, 3]


async def test_waiting_for_analysis_never_has_late_ones(stores: Stores) -> None:
    await stores.snippets.add_snippet(snippet(1))
    await stores.snippets.add_snippet(replace(snippet(2), late=True))
    await stores.snippets.add_snippet(snippet(3))
    await stores.snippets.mark_analysed(WHO, 1)
    await stores.snippets.mark_analysed(WHO, 1)
    assert [s.sequence for s in await stores.snippets.not_analysed(EXAM)] == [3]
    with pytest.raises(NotFound):
        await stores.snippets.mark_analysed(WHO, 9)


async def test_refused_numbers_are_remembered(stores: Stores, other: Stores) -> None:
    for sequence in (3, 5, 3):
        await stores.snippets.mark_refused(WHO, sequence)
    await stores.snippets.mark_refused(attempt(2).attempt_id, 9)
    assert sorted(await other.snippets.refused(WHO)) == [3, 5]


async def test_objects_by_attempt_kind_and_exam(stores: Stores) -> None:
    await stores.snippets.add_snippet(snippet(1))
    thumbnail = stored(50, ObjectKind.THUMBNAIL)
    portrait = stored(51, ObjectKind.PORTRAIT, sequence=0, who=2)
    await stores.snippets.add_object(thumbnail)
    await stores.snippets.add_object(portrait)
    assert list(await stores.snippets.objects(WHO)) == [snippet(1).stored, thumbnail]
    assert list(await stores.snippets.objects(WHO, ObjectKind.THUMBNAIL)) == [thumbnail]
    everything = await stores.snippets.objects_of_exam(EXAM)
    assert list(everything) == [snippet(1).stored, thumbnail, portrait]
    with pytest.raises(Conflict):
        await stores.snippets.add_object(thumbnail)


async def test_removing_an_object_removes_its_snippet(stores: Stores) -> None:
    await stores.snippets.add_snippet(snippet(1))
    await stores.snippets.remove_object(snippet(1).stored.name)
    await stores.snippets.remove_object(snippet(1).stored.name)
    assert await stores.snippets.snippet(WHO, 1) is None
    assert list(await stores.snippets.objects(WHO)) == []
