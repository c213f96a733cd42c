"""Incidents: observations of one attempt, near in time, for one person's one decision.

The machine opens and extends incidents; only a person decides. A decided incident is never
reopened: what is observed later opens a new one. An incident all of whose observations became a
hall event keeps no kinds and asks for nobody's eyes (`is_withdrawn`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from appliance.core.errors import BadInput
from appliance.core.ids import ExamId, IncidentId, ObservationId, UserId
from appliance.core.observation import Decision, Incident, Observation, ReasonCategory, Strength

JOIN_GAP_MS = 60_000
MAX_NOTE = 1_000

_ORDER = {Strength.WEAK: 0, Strength.CLEAR: 1, Strength.STRONG: 2}


def file(
    observation: Observation,
    incidents: Iterable[Incident],
    *,
    exam_id: ExamId,
    new_id: Callable[[], IncidentId],
) -> Incident:
    """The incident `observation` belongs to, new or changed, with the observation in it.

    `incidents` are those of the same attempt, with their observations. An observation already
    filed stays where it is, also after a decision; a new one joins the nearest undecided incident
    within `JOIN_GAP_MS`, else opens one.
    """
    known = list(incidents)
    for incident in known:
        if any(o.observation_id == observation.observation_id for o in incident.observations):
            return _with(incident, observation)
    near = [i for i in known if i.decision is None and not is_withdrawn(i)]
    near = [i for i in near if _gap_ms(i, observation) <= JOIN_GAP_MS]
    if near:
        return _with(min(near, key=lambda i: (_gap_ms(i, observation), -i.last_ms)), observation)
    opened = Incident(
        incident_id=new_id(),
        exam_id=exam_id,
        attempt_id=observation.attempt_id,
        opened_ms=observation.started_ms,
        last_ms=observation.started_ms,
        kinds=(),
        strength=observation.strength,
        duration_s=0.0,
        ongoing=False,
    )
    return _with(opened, observation)


def take_out(incident: Incident, observations: Collection[ObservationId]) -> Incident:
    """The incident without these observations: a hall event was made of them."""
    left = tuple(o for o in incident.observations if o.observation_id not in observations)
    return _summed(replace(incident, observations=left))


def is_withdrawn(incident: Incident) -> bool:
    """Nothing is left in it: shown to nobody, decided by nobody."""
    return not incident.kinds


def decide(
    incident: Incident,
    decision: Decision,
    *,
    by: UserId,
    at_ms: int,
    category: ReasonCategory | None,
    note: str = "",
) -> Incident:
    """The incident with a person's word on it. The last word counts; the audit log has all.

    Raises BadInput when the note is longer than `MAX_NOTE` characters.
    """
    if len(note) > MAX_NOTE:
        raise BadInput(f"The note is too long: write at most {MAX_NOTE} characters.")
    return replace(
        incident,
        decision=decision,
        decided_by=by,
        decided_ms=at_ms,
        category=category,
        note=note.strip(),
    )


def undo(incident: Incident) -> Incident:
    """The incident as if nobody had decided."""
    return replace(
        incident, decision=None, decided_by=None, decided_ms=None, category=None, note=""
    )


def end_ms(observation: Observation) -> int:
    """When it was last seen. Unix milliseconds."""
    if observation.ended_ms is not None:
        return observation.ended_ms
    return observation.started_ms + round(observation.duration_s * 1000)


def _gap_ms(incident: Incident, observation: Observation) -> int:
    """0 when they overlap."""
    after = observation.started_ms - incident.last_ms
    before = incident.opened_ms - end_ms(observation)
    return max(0, after, before)


def _with(incident: Incident, observation: Observation) -> Incident:
    mine = replace(observation, incident_id=incident.incident_id)
    others = tuple(
        o for o in incident.observations if o.observation_id != observation.observation_id
    )
    ordered = sorted((*others, mine), key=lambda o: (o.started_ms, o.observation_id))
    return _summed(replace(incident, observations=tuple(ordered)))


def _summed(incident: Incident) -> Incident:
    observations = incident.observations
    if not observations:
        return replace(incident, kinds=(), strength=Strength.WEAK, duration_s=0.0, ongoing=False)
    return replace(
        incident,
        opened_ms=min(o.started_ms for o in observations),
        last_ms=max(end_ms(o) for o in observations),
        kinds=tuple(dict.fromkeys(o.kind for o in observations)),
        strength=max((o.strength for o in observations), key=_ORDER.__getitem__),
        duration_s=_covered_s(observations),
        ongoing=any(o.ended_ms is None for o in observations),
    )


def _covered_s(observations: Iterable[Observation]) -> float:
    """Seconds during which at least one of them held (they may overlap)."""
    covered, reached = 0, 0
    for o in sorted(observations, key=lambda o: o.started_ms):
        start = max(o.started_ms, reached)
        covered += max(0, end_ms(o) - start)
        reached = max(reached, end_ms(o))
    return covered / 1000
