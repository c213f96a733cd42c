"""ObservationStore."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from appliance.adapters.store.stores import Stores
from appliance.core.errors import NotFound
from appliance.core.observation import HallEvent, ObservationKind
from tests.contract.store.samples import EXAM, OTHER_EXAM, attempt, incident, observation

OnDisk = Callable[[bytes], Awaitable[bool]]
WHO = attempt().attempt_id


async def test_an_incident_comes_back_with_its_observations(stores: Stores) -> None:
    one = incident()
    seen = [observation(n, one.incident_id) for n in (2, 1)]
    for each in seen:
        await stores.observations.put_observation(each)
    await stores.observations.put_observation(observation(3))
    await stores.observations.put_incident(replace(one, observations=tuple(seen)))
    expected = replace(one, observations=(seen[1], seen[0]))
    assert await stores.observations.incident(one.incident_id) == expected
    assert list(await stores.observations.incidents(EXAM)) == [expected]
    assert list(await stores.observations.observations(WHO)) == [seen[1], seen[0], observation(3)]


async def test_put_again_replaces(stores: Stores) -> None:
    await stores.observations.put_incident(incident())
    changed = replace(incident(), decision=None, decided_by=None, note="")
    await stores.observations.put_incident(changed)
    await stores.observations.put_observation(observation(1))
    ended = replace(observation(1), ended_ms=500, incident_id=changed.incident_id)
    await stores.observations.put_observation(ended)
    assert (await stores.observations.incident(changed.incident_id)).observations == (ended,)
    assert list(await stores.observations.observations(WHO)) == [ended]


async def test_an_incident_that_is_not_there(stores: Stores) -> None:
    with pytest.raises(NotFound):
        await stores.observations.incident(incident().incident_id)


async def test_close_leaves_no_word_of_it_in_any_file(stores: Stores, on_disk: OnDisk) -> None:
    await stores.attempts.add([attempt()])
    note = "kanariefågel-anteckning"
    await stores.observations.put_incident(replace(incident(), note=note))
    elsewhere = replace(incident(2), exam_id=OTHER_EXAM)
    await stores.observations.put_incident(elsewhere)
    await stores.observations.put_observation(observation(1))  # of no incident
    assert await on_disk(note.encode())
    await stores.observations.remove_of_exam(EXAM)
    assert list(await stores.observations.incidents(EXAM)) == []
    assert list(await stores.observations.observations(WHO)) == []
    assert list(await stores.observations.incidents(OTHER_EXAM)) == [elsewhere]
    assert not await on_disk(note.encode())


async def test_hall_events_come_back_in_order_and_go_with_the_exam(stores: Stores) -> None:
    late, early = hall_event(9_000), hall_event(1_000)
    other = replace(hall_event(5_000), exam_id=OTHER_EXAM)
    for event in (late, early, other):
        await stores.observations.put_hall_event(event)
    grown = replace(late, last_ms=12_000, seats=("A1", "A2", "B3"))
    await stores.observations.put_hall_event(grown)
    assert list(await stores.observations.hall_events(EXAM)) == [early, grown]
    await stores.observations.remove_of_exam(EXAM)
    assert list(await stores.observations.hall_events(EXAM)) == []
    assert list(await stores.observations.hall_events(OTHER_EXAM)) == [other]


def hall_event(started_ms: int) -> HallEvent:
    return HallEvent(
        exam_id=EXAM,
        hall="Aula",
        kind=ObservationKind.NOISE,
        started_ms=started_ms,
        last_ms=started_ms + 500,
        seats=("A1", "A2"),
    )
