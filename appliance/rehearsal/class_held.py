"""What a rehearsal's class was given, counted from what each candidate noted. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from appliance.core.capacity import Held
from appliance.core.errors import Refused
from appliance.rehearsal.simulated_candidate import Tally


def held(
    tallies: Sequence[Tally],
    delays_s: Sequence[float],
    *,
    kept: int,
    staged: int,
    cut_at: float,
    ended_at: float,
    live_views: int,
    live_views_shown: int,
    storm_seconds: float | None,
    ended: Sequence[str] = (),
) -> Held:
    """`kept`: recordings that the box has, by its own word. `delays_s`: of the staged incidents
    that reached the invigilator. `cut_at`: when the network went away, `ended_at`: when
    everybody's time was up; Unix seconds.

    Raise Refused when nothing was uploaded.
    """
    timed = [pair for t in tallies for pair in zip(t.acknowledged_at, t.upload_s, strict=True)]
    if not timed:
        raise Refused("Nothing was uploaded: the rehearsal was too short to say anything.")
    return Held(
        lost=sum(t.recorded - t.refused for t in tallies) - kept,
        refused=sum(t.refused for t in tallies),
        ack_p99_ms=_p99_ms([took for _, took in timed]),
        ack_p99_quiet_ms=_p99_ms([took for at, took in timed if at < cut_at]),
        ack_p99_rush_ms=_p99_ms([took for at, took in timed if cut_at <= at < ended_at]),
        ack_p99_end_ms=_p99_ms([took for at, took in timed if at >= ended_at]),
        staged=staged,
        observed=len(delays_s),
        observation_delay_p95_s=_p95(delays_s),
        live_views=live_views,
        live_views_shown=live_views_shown,
        storm_seconds=storm_seconds,
        ended=tuple(ended),
    )


def observation_delay_s(tally: Tally, seen_at: float, shown_by: int) -> float:
    """From the acknowledgement of the snippet that showed it (`shown_by`) to the console, seconds.
    What the console has before its candidate has the answer took no time."""
    acknowledged = dict(zip(tally.acknowledged_as, tally.acknowledged_at, strict=True))
    return max(0.0, seen_at - acknowledged.get(shown_by, seen_at))


def _p99_ms(seconds: Sequence[float]) -> float:
    """0 when nothing was measured."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else 0.0


def _p95(values: Sequence[float]) -> float | None:
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 2)
    return round(statistics.quantiles(values, n=20, method="inclusive")[-1], 2)
