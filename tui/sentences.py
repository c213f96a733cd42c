"""Why something needs eyes, in one sentence."""

from __future__ import annotations

from appliance.core.observation import Incident, Observation
from tui.words import KIND, STRENGTH, span, time_of_day


def why(observation: Observation) -> str:
    """What was seen, for how long and how clearly."""
    lasted, strength = span(observation.duration_s), STRENGTH[observation.strength]
    return f"{KIND[observation.kind]} for {lasted}, {strength}"


def when(observation: Observation) -> str:
    """`09:42:51 to 09:43:05` or `since 09:42:51`."""
    if observation.ended_ms is None:
        return f"since {time_of_day(observation.started_ms)}"
    return f"{time_of_day(observation.started_ms)} to {time_of_day(observation.ended_ms)}"


def why_of(incident: Incident) -> str:
    """The sentence of the incident's strongest, longest observation."""
    order = {"strong": 0, "clear": 1, "weak": 2}
    ranked = sorted(incident.observations, key=lambda o: (order[o.strength], -o.duration_s))
    return why(ranked[0]) if ranked else ""
