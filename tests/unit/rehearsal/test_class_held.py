"""A rehearsal believes the box's own count, not the acknowledgements its class got."""

from __future__ import annotations

import pytest

from appliance.core.capacity import Held
from appliance.core.errors import Refused
from appliance.rehearsal.class_held import held, observation_delay_s
from appliance.rehearsal.simulated_candidate import Tally


def _tally(recorded: int, refused: int = 0, upload_s: float = 0.1, at: float = 0.0) -> Tally:
    came = recorded - refused
    return Tally(
        recorded=recorded,
        acknowledged=came,
        refused=refused,
        upload_s=[upload_s] * came,
        acknowledged_at=[at] * came,
    )


def _held(*tallies: Tally, kept: int, storm_seconds: float | None = 3.0) -> Held:
    return held(
        tallies, [0.5], kept=kept, staged=2, cut_at=50.0, ended_at=90.0, live_views=2,
        live_views_shown=1, storm_seconds=storm_seconds,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "refused", "lost"), [(10, 0, 0), (9, 0, 1), (0, 0, 10), (8, 2, 0), (7, 2, 1)]
)
def test_what_was_recorded_and_is_not_there_is_lost(kept: int, refused: int, lost: int) -> None:
    found = _held(_tally(4), _tally(6, refused), kept=kept)
    assert (found.lost, found.refused) == (lost, refused)


def test_the_wait_is_told_of_all_and_of_each_of_the_three_times() -> None:
    before, after, end = (
        _tally(50, upload_s=took, at=at) for at, took in ((10.0, 0.1), (50.0, 0.9), (90.0, 0.4))
    )
    found = _held(before, after, end, kept=150)
    assert found.ack_p99_ms == 900.0
    each = (found.ack_p99_quiet_ms, found.ack_p99_rush_ms, found.ack_p99_end_ms)
    assert each == (100.0, 900.0, 400.0)
    assert _held(before, kept=50).ack_p99_end_ms == 0.0


def test_the_rest_is_what_was_seen() -> None:
    found = _held(_tally(1), kept=1)
    assert (found.staged, found.observed, found.observation_delay_p95_s) == (2, 1, 0.5)
    assert (found.live_views, found.live_views_shown) == (2, 1)
    assert found.storm_seconds == 3.0
    assert _held(_tally(1), kept=1, storm_seconds=None).storm_seconds is None


def test_a_class_that_uploaded_nothing_says_nothing() -> None:
    with pytest.raises(Refused):
        _held(Tally(), kept=0)


@pytest.mark.parametrize(
    ("seen_at", "shown_by", "delay_s"),
    [(21.0, 3, 11.0), (20.5, 5, 0.5), (19.9, 5, 0.0), (21.0, 9, 0.0)],
    ids=["late", "at once", "before the answer", "never answered"],
)
def test_a_late_box_is_late_also_where_newer_snippets_came(
    seen_at: float, shown_by: int, delay_s: float
) -> None:
    tally = Tally(acknowledged_at=[0.0, 5.0, 10.0, 15.0, 20.0], acknowledged_as=[1, 2, 3, 4, 5])
    assert observation_delay_s(tally, seen_at, shown_by) == delay_s
