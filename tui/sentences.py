"""Why something needs eyes, in the words of `core.wording`."""

from __future__ import annotations

from appliance.core.observation import Incident, Observation, Strength
from appliance.core.wording import of_incident, of_observation
from tui.language import tr
from tui.words import time_of_day

_ORDER = {Strength.STRONG: 0, Strength.CLEAR: 1, Strength.WEAK: 2}


def why(observation: Observation) -> str:
    """What was seen, for how long and how clearly, beginning with a capital."""
    return sentence(of_observation(observation, tr))


def when(observation: Observation) -> str:
    """`09:42:51 to 09:43:05` or `since 09:42:51`."""
    if observation.ended_ms is None:
        return tr("since {time}", time=time_of_day(observation.started_ms))
    return tr(
        "{start} to {end}",
        start=time_of_day(observation.started_ms),
        end=time_of_day(observation.ended_ms),
    )


def why_of(incident: Incident) -> str:
    """The sentence of the incident's strongest, longest observation."""
    ranked = sorted(incident.observations, key=lambda o: (_ORDER[o.strength], -o.duration_s))
    return why(ranked[0]) if ranked else sentence(of_incident(incident, tr))


def sentence(words: str) -> str:
    """`words` beginning with a capital."""
    return words[:1].upper() + words[1:]
