"""The same signal at many seats at once: a door, an announcement, lights, a fire alarm.

When observations of one kind start at `hall_event_share` of a hall's recording seats, and at
least `LEAST_SEATS`, within `hall_event_within_s`, they become one hall event, counted against
nobody: the observations are kept, but taken out of the incidents they had opened (the first
seats are seen before anyone can know), and what starts alike while the event lasts joins it.

Times are those of the footage, so it does not matter when a snippet arrives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from appliance.core.ids import AttemptId, ExamId, ObservationId
from appliance.core.observation import HallEvent, ObservationKind
from appliance.core.settings import RuleThresholds

LEAST_SEATS = 3
_KEPT_MS = 10 * 60 * 1000  # footage that comes later than this joins no hall event


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An observation began."""

    observation_id: ObservationId
    attempt_id: AttemptId
    hall: str
    seat: str
    kind: ObservationKind
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HallState:
    """Recent starts of one exam, and the hall events so far; a value."""

    exam_id: ExamId
    starts: tuple[Start, ...] = ()
    events: tuple[HallEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """`event` is new or grown, None when this start is an ordinary one. `absorbed` are all
    observations that now belong to it, this one included."""

    event: HallEvent | None = None
    absorbed: frozenset[ObservationId] = frozenset()


def notice(
    state: HallState, start: Start, recording_seats: int, thresholds: RuleThresholds
) -> tuple[HallState, Noticed]:
    """The state with `start` in it, and what came of it.

    `recording_seats` is how many seats of that hall are recording now.
    """
    within = round(thresholds.hall_event_within_s * 1000)
    newest = max([start.at_ms, *(s.at_ms for s in state.starts)])
    kept = tuple(
        s
        for s in state.starts
        if s.at_ms >= newest - _KEPT_MS and s.observation_id != start.observation_id
    )
    state = replace(state, starts=(*kept, start))
    alike = [s for s in state.starts if (s.hall, s.kind) == (start.hall, start.kind)]
    event = _running(state, start, within)
    if event is None:
        together = _fullest_window(alike, start, within)
        needed = max(LEAST_SEATS, math.ceil(thresholds.hall_event_share * recording_seats))
        if len({s.attempt_id for s in together}) < needed:
            return state, Noticed()
    else:
        together = [s for s in alike if event.started_ms <= s.at_ms <= event.last_ms + within]
        together += [start] if start not in together else []
    grown = HallEvent(
        exam_id=state.exam_id,
        hall=start.hall,
        kind=start.kind,
        # The first start names the event for consoles, so it never changes.
        started_ms=event.started_ms if event else min(s.at_ms for s in together),
        last_ms=max([s.at_ms for s in together] + ([event.last_ms] if event else [])),
        seats=tuple(sorted({s.seat for s in together} | set(event.seats if event else ()))),
    )
    events = tuple(e for e in state.events if e is not event)
    absorbed = frozenset(s.observation_id for s in together)
    return replace(state, events=(*events, grown)), Noticed(event=grown, absorbed=absorbed)


def _running(state: HallState, start: Start, within: int) -> HallEvent | None:
    """The event that `start` falls into: between a little before and a little after it."""
    for event in reversed(state.events):
        if (event.hall, event.kind) != (start.hall, start.kind):
            continue
        if event.started_ms - within <= start.at_ms <= event.last_ms + within:
            return event
    return None


def _fullest_window(alike: list[Start], start: Start, within: int) -> list[Start]:
    """Of all stretches of that length around `start`, the one with the most seats."""
    best: list[Start] = []
    for first in alike:
        if start.at_ms - within <= first.at_ms <= start.at_ms:
            window = [s for s in alike if first.at_ms <= s.at_ms <= first.at_ms + within]
            if len({s.attempt_id for s in window}) > len({s.attempt_id for s in best}):
                best = window
    return best
