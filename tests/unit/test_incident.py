"""Observations grouped in time; a person's word stands."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import BadInput
from appliance.core.feed import HallView, needs_eyes
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObservationId, UserId
from appliance.core.incident import JOIN_GAP_MS, decide, file, is_withdrawn, take_out, undo
from appliance.core.observation import (
    Decision,
    Incident,
    Observation,
    ObservationKind,
    ReasonCategory,
    Strength,
)

EXAM, WHO = ExamId("e" * 32), UserId("u" * 32)


def observation(
    number: int,
    start_s: float,
    end_s: float | None,
    *,
    kind: ObservationKind = ObservationKind.SEVERAL_FACES,
    strength: Strength = Strength.CLEAR,
    so_far_s: float = 8.0,
) -> Observation:
    return Observation(
        observation_id=ObservationId(f"{number:032x}"),
        attempt_id=AttemptId("a" * 32),
        kind=kind,
        started_ms=round(start_s * 1000),
        ended_ms=None if end_s is None else round(end_s * 1000),
        duration_s=so_far_s if end_s is None else end_s - start_s,
        strength=strength,
    )


def file_all(*observations: Observation) -> dict[IncidentId, Incident]:
    numbers = count(1)
    incidents: dict[IncidentId, Incident] = {}
    for one in observations:
        filed = file(
            one,
            incidents.values(),
            exam_id=EXAM,
            new_id=lambda: IncidentId(f"{next(numbers):032x}"),
        )
        incidents[filed.incident_id] = filed
    return incidents


def only(incidents: dict[IncidentId, Incident]) -> Incident:
    (incident,) = incidents.values()
    return incident


def test_near_ones_join_far_ones_do_not() -> None:
    gap = JOIN_GAP_MS / 1000
    assert len(file_all(observation(1, 0, 10), observation(2, 10 + gap, 80))) == 1
    assert len(file_all(observation(1, 0, 10), observation(2, 10.001 + gap, 80))) == 2
    assert len(file_all(observation(2, 100, 120), observation(1, 100 - gap - 5, 40))) == 1


def test_what_an_incident_says_follows_from_its_observations() -> None:
    incident = only(
        file_all(
            observation(1, 10, 20, strength=Strength.WEAK),
            observation(2, 15, 40, kind=ObservationKind.NOISE, strength=Strength.STRONG),
            observation(3, 60, 65),
        )
    )
    assert (incident.opened_ms, incident.last_ms, incident.ongoing) == (10_000, 65_000, False)
    assert incident.kinds == (ObservationKind.SEVERAL_FACES, ObservationKind.NOISE)
    assert incident.strength is Strength.STRONG
    assert incident.duration_s == 35.0  # where two overlap, time counts once
    assert {o.incident_id for o in incident.observations} == {incident.incident_id}


def test_an_update_replaces_and_an_end_closes() -> None:
    open_one = observation(1, 10, None)
    incidents = file_all(open_one, replace(open_one, duration_s=30.0))
    assert (only(incidents).ongoing, only(incidents).last_ms) == (True, 40_000)
    closed = only(file_all(open_one, replace(open_one, ended_ms=50_000, duration_s=40.0)))
    assert (closed.ongoing, closed.last_ms, len(closed.observations)) == (False, 50_000, 1)


def _decided(incident: Incident) -> Incident:
    return decide(
        incident,
        Decision.DISMISSED,
        by=WHO,
        at_ms=99,
        category=ReasonCategory.STAFF,
        note=" talked to an invigilator ",
    )


def test_a_decided_incident_stays_decided_and_a_new_observation_opens_another() -> None:
    held = observation(1, 10, None)
    decided = _decided(only(file_all(held)))
    assert decided.note == "talked to an invigilator"
    ended = file(
        replace(held, ended_ms=30_000, duration_s=20.0),
        [decided],
        exam_id=EXAM,
        new_id=lambda: pytest.fail("it is filed already"),
    )
    assert (ended.decision, ended.ongoing) == (Decision.DISMISSED, False)
    fresh = file(observation(2, 31, 40), [ended], exam_id=EXAM, new_id=lambda: IncidentId("f" * 32))
    assert (fresh.incident_id, fresh.decision) == ("f" * 32, None)


def test_undo_gives_back_the_undecided_incident() -> None:
    incident = only(file_all(observation(1, 10, 20)))
    assert undo(_decided(incident)) == incident


def test_a_note_has_an_end() -> None:
    incident = only(file_all(observation(1, 10, 20)))
    with pytest.raises(BadInput):
        decide(incident, Decision.CONFIRMED, by=WHO, at_ms=1, category=None, note="x" * 1_001)


def test_an_incident_of_which_nothing_is_left_needs_nobodys_eyes() -> None:
    first, second = observation(1, 10, 20), observation(2, 25, None)
    incident = only(file_all(first, second))
    smaller = take_out(incident, {second.observation_id})
    assert (smaller.last_ms, smaller.ongoing, is_withdrawn(smaller)) == (20_000, False, False)
    gone = take_out(smaller, {first.observation_id})
    assert is_withdrawn(gone)
    assert gone.duration_s == 0
    assert needs_eyes(HallView(incidents={gone.incident_id: gone})) == []
    assert needs_eyes(HallView(incidents={smaller.incident_id: smaller})) == [smaller]
    later = file(observation(3, 26, 30), [gone], exam_id=EXAM, new_id=lambda: IncidentId("f" * 32))
    assert later.incident_id == "f" * 32


@given(
    st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 200)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_nothing_is_lost_and_lengths_never_exceed_the_span(
    spans: list[tuple[int, int]], dice: random.Random
) -> None:
    observations = [observation(i, s, s + d) for i, (s, d) in enumerate(spans, start=1)]
    dice.shuffle(observations)
    incidents = file_all(*observations)
    filed = [o.observation_id for i in incidents.values() for o in i.observations]
    assert sorted(filed) == sorted(o.observation_id for o in observations)
    for incident in incidents.values():
        span_s = (incident.last_ms - incident.opened_ms) / 1000
        assert 0 < incident.duration_s <= span_s
        assert not incident.ongoing
