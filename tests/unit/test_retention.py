"""What may be deleted, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.exam import ExamState
from appliance.core.retention import DAY_MS, Held, Place, Reason, may_delete
from appliance.core.settings import Retention

CLOSED = 1_800_000_000_000
RULES = Retention(days=30, local_days=2)
LOCAL = Held(place=Place.BOX, exam_state=ExamState.CLOSED, closed_ms=CLOSED)
CONFIRMED = replace(LOCAL, confirmed_ms=CLOSED + DAY_MS)
REMOTE = replace(CONFIRMED, place=Place.CLOUD)


@pytest.mark.parametrize(
    ("held", "days", "allowed", "reason", "not_before_days"),
    [
        (LOCAL, 0, False, Reason.ONLY_COPY, 30),
        (LOCAL, 29, False, Reason.ONLY_COPY, 30),
        (LOCAL, 30, True, Reason.RETENTION_ENDED, None),
        (CONFIRMED, 1, False, Reason.LOCAL_DAYS, 3),
        (CONFIRMED, 3, True, Reason.CONFIRMED_REMOTELY, None),
        (REMOTE, 29, False, Reason.RETENTION_RUNS, 30),
        (REMOTE, 30, True, Reason.RETENTION_ENDED, None),
        (replace(CONFIRMED, legal_hold=True), 3_000, False, Reason.LEGAL_HOLD, None),
        (replace(REMOTE, legal_hold=True), 3_000, False, Reason.LEGAL_HOLD, None),
        (
            replace(CONFIRMED, exam_state=ExamState.ARCHIVED),
            3,
            True,
            Reason.CONFIRMED_REMOTELY,
            None,
        ),
        (replace(CONFIRMED, confirmed_ms=CLOSED + 29 * DAY_MS), 29, False, Reason.LOCAL_DAYS, 30),
    ],
)
def test_the_table(
    held: Held, days: int, allowed: bool, reason: Reason, not_before_days: int | None
) -> None:
    verdict = may_delete(held, RULES, CLOSED + days * DAY_MS)
    assert (verdict.allowed, verdict.reason) == (allowed, reason)
    if not_before_days is None:
        assert verdict.not_before_ms is None
    else:
        assert verdict.not_before_ms == CLOSED + not_before_days * DAY_MS


@pytest.mark.parametrize("state", [s for s in ExamState if s.value in "draft ready open live"])
def test_nothing_goes_before_close(state: ExamState) -> None:
    held = replace(CONFIRMED, exam_state=state)
    assert may_delete(held, RULES, CLOSED + 9_999 * DAY_MS).reason is Reason.NOT_CLOSED


def test_a_close_without_a_time_keeps_everything() -> None:
    assert not may_delete(replace(CONFIRMED, closed_ms=None), RULES, CLOSED * 2).allowed


@given(
    st.sampled_from(list(ExamState)),
    st.sampled_from(list(Place)),
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(-1, 60)),
    st.booleans(),
)
def test_before_the_date_only_a_confirmed_local_copy_ever_goes(
    state: ExamState, place: Place, day: int, confirmed: int | None, hold: bool
) -> None:
    held = Held(
        place=place,
        exam_state=state,
        closed_ms=CLOSED,
        confirmed_ms=None if confirmed is None else CLOSED + confirmed * DAY_MS,
        legal_hold=hold,
    )
    verdict = may_delete(held, RULES, CLOSED + day * DAY_MS)
    if verdict.allowed:
        assert not hold
        assert state in (ExamState.CLOSED, ExamState.ARCHIVED, ExamState.PURGED)
        if day < RULES.days:
            assert place is Place.BOX
            assert confirmed is not None
    elif verdict.not_before_ms is not None:
        assert may_delete(held, RULES, verdict.not_before_ms).allowed
