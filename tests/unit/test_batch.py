"""What travels together, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.batch import (
    ORDER,
    PACK_BYTES,
    PACK_BYTES_WHOLE,
    PackPlan,
    bytes_by_class,
    flagged_sequences,
    plan,
    priority_of,
)
from appliance.core.errors import TooLarge
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, ObservationId
from appliance.core.night_forecast import expected_byte_s
from appliance.core.observation import Observation, ObservationKind, Strength
from appliance.core.settings import Capture, SyncScope
from appliance.core.snippet import ObjectHeader, ObjectKind, PriorityClass, Snippet, StoredObject
from appliance.core.transfer import CHUNK_BYTES

EXAM = ExamId("e" * 32)
A, B = AttemptId("a" * 32), AttemptId("b" * 32)


def stored(
    kind: ObjectKind, sequence: int = 0, *, attempt: AttemptId = A, size: int = 1_000
) -> StoredObject:
    return StoredObject(
        name=ObjectName(f"{attempt[0]}-{kind.name}-{sequence}"),
        header=ObjectHeader(
            kind=kind,
            box_id=BoxId("0" * 32),
            exam_id=EXAM,
            attempt_id=attempt,
            sequence=sequence,
            epoch=1,
        ),
        size=size,
        sha256="00" * 32,
        stored_ms=0,
    )


def snippet(sequence: int, started_s: float, duration_s: float = 10.0) -> Snippet:
    return Snippet(
        attempt_id=A,
        sequence=sequence,
        plain_sha256="",
        plain_size=1,
        started_ms=round(started_s * 1000),
        duration_s=duration_s,
        stored=stored(ObjectKind.SNIPPET, sequence),
    )


def observation(start_s: float, end_s: float | None, so_far_s: float = 0.0) -> Observation:
    return Observation(
        observation_id=ObservationId("0" * 32),
        attempt_id=A,
        kind=ObservationKind.NOISE,
        started_ms=round(start_s * 1000),
        ended_ms=None if end_s is None else round(end_s * 1000),
        duration_s=so_far_s,
        strength=Strength.WEAK,
    )


EXAM_OF_TWO = [
    *(stored(k, attempt=who) for who in (A, B) for k in (ObjectKind.RECORD, ObjectKind.PORTRAIT)),
    stored(ObjectKind.DESCRIPTOR),
    stored(ObjectKind.IDENTITY),
    *(stored(ObjectKind.SNIPPET, n, attempt=who) for who in (A, B) for n in range(1, 6)),
    *(stored(ObjectKind.THUMBNAIL, n, attempt=who) for who in (A, B) for n in range(1, 6)),
]
FLAGGED = {A: frozenset({2, 3})}


def names(plans: tuple[PackPlan, ...]) -> list[str]:
    return [o.name for p in plans for o in p.objects]


def test_thirty_seconds_around_an_observation_are_flagged() -> None:
    snippets = [snippet(n, 10.0 * n) for n in range(30)]
    assert flagged_sequences(snippets, [observation(100, 115)]) == set(range(6, 15))
    assert flagged_sequences(snippets, [observation(100, None, so_far_s=15)]) == set(range(6, 15))
    assert flagged_sequences(snippets, []) == frozenset()


def test_the_order_of_the_night() -> None:
    plans = plan(EXAM_OF_TWO, FLAGGED, SyncScope.ALL)
    assert [(p.priority, p.attempt_id) for p in plans] == [
        (PriorityClass.RECORDS, A),
        (PriorityClass.RECORDS, B),
        (PriorityClass.FLAGGED, A),
        (PriorityClass.PORTRAITS, A),
        (PriorityClass.PORTRAITS, B),
        (PriorityClass.REST, A),
        (PriorityClass.REST, B),
    ]
    assert [o.header.sequence for o in plans[2].objects] == [2, 2, 3, 3]
    assert bytes_by_class(plans) == {
        PriorityClass.RECORDS: 2_000,
        PriorityClass.FLAGGED: 4_000,
        PriorityClass.PORTRAITS: 2_000,
        PriorityClass.REST: 16_000,
    }


@pytest.mark.parametrize("what", ["IDENTITY", "DESCRIPTOR"])
def test_names_and_vectors_never_leave_the_box(what: str) -> None:
    assert not [n for n in names(plan(EXAM_OF_TWO, FLAGGED, SyncScope.ALL)) if what in n]


def test_scope_flagged_sends_footage_and_faces_of_the_flagged_only() -> None:
    sent = names(plan(EXAM_OF_TWO, FLAGGED, SyncScope.FLAGGED))
    assert set(sent) == {
        "a-RECORD-0",
        "b-RECORD-0",
        "a-PORTRAIT-0",
        *(f"a-{kind}-{n}" for kind in ("SNIPPET", "THUMBNAIL") for n in (2, 3)),
    }


def test_scope_none_sends_nothing() -> None:
    assert plan(EXAM_OF_TWO, FLAGGED, SyncScope.NONE) == ()


def test_an_object_larger_than_a_pack_is_an_error() -> None:
    with pytest.raises(TooLarge):
        plan([stored(ObjectKind.SNIPPET, 1, size=PACK_BYTES + 1)], {}, SyncScope.ALL)


def test_on_s3_a_pack_is_one_request_and_a_larger_object_goes_by_itself() -> None:
    assert PACK_BYTES_WHOLE <= CHUNK_BYTES  # the S3 adapter's own limit for one create-only request
    sizes = [3_500_000, 3_500_000, 3_500_000, PACK_BYTES_WHOLE + 1, 100]
    objects = [stored(ObjectKind.SNIPPET, n, size=size) for n, size in enumerate(sizes)]
    plans = plan(objects, {}, SyncScope.ALL, pack_bytes=PACK_BYTES_WHOLE)
    assert [p.size for p in plans] == [7_000_000, 3_500_000, PACK_BYTES_WHOLE + 1, 100]


def test_four_hours_at_the_default_rate_fill_packs_so_well_that_the_line_s_budget_holds() -> None:
    """On S3 one request a pack: at most one per 8 MiB, and what an attempt has beyond."""
    ordinary = round(10 * expected_byte_s(Capture()))
    objects = [
        stored(ObjectKind.SNIPPET, n, size=ordinary - 30_000 + n * 7919 % 60_000)
        for n in range(1440)
    ]
    objects += [stored(ObjectKind.THUMBNAIL, n, size=5_000) for n in range(1440)]
    objects += [stored(kind, size=20_000) for kind in (ObjectKind.RECORD, ObjectKind.PORTRAIT)]
    plans = plan(objects, {A: {7, 8, 9, 700}}, SyncScope.ALL, pack_bytes=PACK_BYTES_WHOLE)
    assert len(plans) <= sum(p.size for p in plans) // PACK_BYTES_WHOLE + 5


@given(
    st.lists(
        st.tuples(
            st.sampled_from([A, B]),
            st.sampled_from(list(ObjectKind)),
            st.integers(1, 500),
        ),
        max_size=60,
    ),
    st.frozensets(st.integers(0, 60)),
)
def test_every_pack_is_of_one_attempt_and_class_and_nothing_is_lost(
    rows: list[tuple[AttemptId, ObjectKind, int]], near: frozenset[int]
) -> None:
    objects = [
        stored(kind, number, attempt=who, size=size)
        for number, (who, kind, size) in enumerate(rows)
    ]
    flagged = {A: near}
    plans = plan(objects, flagged, SyncScope.ALL, pack_bytes=800)
    for pack in plans:
        assert {o.header.attempt_id for o in pack.objects} == {pack.attempt_id}
        assert {priority_of(o, flagged) for o in pack.objects} == {pack.priority}
        assert pack.size == sum(o.size for o in pack.objects) <= 800
    order = [ORDER.index(p.priority) for p in plans]
    assert order == sorted(order)
    stays = {ObjectKind.IDENTITY, ObjectKind.DESCRIPTOR}
    expected = [o.name for o in objects if o.header.kind not in stays]
    assert sorted(names(plans)) == sorted(expected)
    assert plan(objects[::-1], flagged, SyncScope.ALL, pack_bytes=800) == plans
