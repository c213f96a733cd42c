"""Sentences about what was seen and decided, for people. Descriptions, never judgements.

Texts are written in English in the code, and `Translate` looks the English text up in a language
(`appliance/languages`); placeholders in braces are filled in after that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.core.exam import ExamState
from appliance.core.feed import HallMicrophoneState
from appliance.core.observation import (
    HALL_KINDS,
    Decision,
    HallEvent,
    Incident,
    Observation,
    ObservationKind,
    ReasonCategory,
    Strength,
)

Translate = Callable[[str], str]


def english(text: str) -> str:
    """The texts as they stand in the code."""
    return text


KIND: Mapping[ObservationKind, str] = {
    ObservationKind.NOBODY_IN_VIEW: "nobody in view",
    ObservationKind.SEVERAL_FACES: "more than one person in view",
    ObservationKind.OTHER_PERSON: "the face does not look like the photo",
    ObservationKind.LOOKING_AWAY: "head turned away",
    ObservationKind.PICTURE_COVERED: "camera covered or dark",
    ObservationKind.PICTURE_FROZEN: "the picture stands still",
    ObservationKind.CONVERSATION: "voices nearby",
    ObservationKind.NOISE: "loud noise",
    ObservationKind.HALL_CONVERSATION: "voices in the hall",
    ObservationKind.HALL_NOISE: "loud noise in the hall",
}
# More exact sentences, when the figures are there that they quote.
_WITH_FIGURES: Mapping[ObservationKind, tuple[tuple[str, str], ...]] = {
    ObservationKind.SEVERAL_FACES: (("faces", "{faces} faces in view"),),
    ObservationKind.LOOKING_AWAY: (
        ("degrees", "head turned {degrees}° away"),
        ("down_degrees", "head bent {down_degrees}° down"),
    ),
    ObservationKind.NOISE: (("dbfs", "loud noise ({dbfs} dB of full scale)"),),
}
STRENGTH: Mapping[Strength, str] = {
    Strength.WEAK: "weak",
    Strength.CLEAR: "clear",
    Strength.STRONG: "strong",
}
STRENGTH_MEANING: Mapping[Strength, str] = {
    Strength.WEAK: "a short or faint signal: often nothing",
    Strength.CLEAR: "a plain signal for some time",
    Strength.STRONG: "a plain signal for a long time",
}
DECISION: Mapping[Decision, str] = {
    Decision.CONFIRMED: "confirmed",
    Decision.DISMISSED: "dismissed",
}
REASON: Mapping[ReasonCategory, str] = {
    ReasonCategory.ENVIRONMENT: "the surroundings",
    ReasonCategory.CANDIDATE: "the candidate",
    ReasonCategory.STAFF: "the staff",
    ReasonCategory.TECHNICAL: "the technology",
}
EXAM_STATE: Mapping[ExamState, str] = {
    ExamState.DRAFT: "being prepared",
    ExamState.READY: "ready",
    ExamState.OPEN: "open for check-in",
    ExamState.LIVE: "live",
    ExamState.CLOSED: "closed",
    ExamState.ARCHIVED: "archived",
    ExamState.PURGED: "deleted",
}
ATTEMPT_STATE: Mapping[AttemptState, str] = {
    AttemptState.EXPECTED: "not here yet",
    AttemptState.CHECKED_IN: "checked in",
    AttemptState.RECORDING: "recording",
    AttemptState.ON_BREAK: "on break",
    AttemptState.HANDED_IN: "handed in",
    AttemptState.ENDED: "ended",
}
LINK: Mapping[LinkState, str] = {
    LinkState.NEVER: "not connected yet",
    LinkState.UP: "connected",
    LinkState.LOST: "connection lost: nothing the candidate is blamed for",
}
CAMERA: Mapping[CameraState, str] = {
    CameraState.UNKNOWN: "camera not tried yet",
    CameraState.WORKING: "camera working",
    CameraState.MISSING: "no camera: watch the seat yourself",
    CameraState.REFUSED: "notice refused: watch the seat yourself",
    CameraState.WATCHED: "watched in place of its camera",
}
HALL_MICROPHONE: Mapping[HallMicrophoneState, str] = {
    HallMicrophoneState.OFF: "no hall microphone in this exam",
    HallMicrophoneState.STARTING: "hall microphone: starting",
    HallMicrophoneState.HEARD: "hall microphone ok",
    HallMicrophoneState.NOT_HEARD: "hall microphone: not heard",
}
HALL_MICROPHONE_NOT_HEARD = (
    "The hall microphone is not heard. Check its cable and its switch; until it is back, "
    "listen to the hall yourself."
)
HALL_MICROPHONE_BACK = "The hall microphone is heard again."
_LENGTHS = ("{seconds} s", "{minutes} min {seconds} s", "{hours} h {minutes} min")
_OBSERVATION = "{what}, {duration}, {strength}"
_GOES_ON = "{what}, for {duration} so far, {strength}"
_NOTHING_LEFT = "part of a hall event, counted against nobody"
_AND = "{first}; {second}"
_DECIDED = "{what}: {decision}"
_DECIDED_WITH_REASON = "{what}: {decision} ({reason})"
_HEARD_IN_HALL = (
    "Hall {hall}: {what}, {duration}, heard by the hall microphone, counted against nobody"
)
_HALL_EVENT = "Hall {hall}: {what} at {seats} seats at once, counted against nobody"


def length_of_time(seconds: float, translate: Translate = english) -> str:
    """`14 s`, `3 min 5 s`, `1 h 5 min`."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    form = _LENGTHS[0] if whole < 60 else _LENGTHS[1] if whole < 3600 else _LENGTHS[2]
    return translate(form).format(hours=hours, minutes=minutes, seconds=rest)


def what(observation: Observation, translate: Translate = english) -> str:
    """What was seen, with its figures: `2 faces in view`."""
    for figure, sentence in _WITH_FIGURES.get(observation.kind, ()):
        if figure in observation.figures:
            return translate(sentence).format(**{figure: round(observation.figures[figure])})
    return translate(KIND[observation.kind])


def of_observation(observation: Observation, translate: Translate = english) -> str:
    """`2 faces in view, 14 s, strong`."""
    form = _GOES_ON if observation.ended_ms is None else _OBSERVATION
    return translate(form).format(
        what=what(observation, translate),
        duration=length_of_time(observation.duration_s, translate),
        strength=translate(STRENGTH[observation.strength]),
    )


def of_incident(incident: Incident, translate: Translate = english) -> str:
    """Its kinds, how long and how strong, and a person's decision when there is one."""
    if not incident.kinds:
        return translate(_NOTHING_LEFT)
    kinds = [translate(KIND[kind]) for kind in incident.kinds]
    text = kinds[0]
    for kind in kinds[1:]:
        text = translate(_AND).format(first=text, second=kind)
    text = translate(_GOES_ON if incident.ongoing else _OBSERVATION).format(
        what=text,
        duration=length_of_time(incident.duration_s, translate),
        strength=translate(STRENGTH[incident.strength]),
    )
    if incident.decision is None:
        return text
    decision = translate(DECISION[incident.decision])
    if incident.category is None:
        return translate(_DECIDED).format(what=text, decision=decision)
    return translate(_DECIDED_WITH_REASON).format(
        what=text, decision=decision, reason=translate(REASON[incident.category])
    )


def of_hall_event(event: HallEvent, translate: Translate = english) -> str:
    if event.kind in HALL_KINDS:
        return translate(_HEARD_IN_HALL).format(
            hall=event.hall,
            what=translate(KIND[event.kind]),
            duration=length_of_time((event.last_ms - event.started_ms) / 1000, translate),
        )
    return translate(_HALL_EVENT).format(
        hall=event.hall, what=translate(KIND[event.kind]), seats=len(event.seats)
    )


def texts() -> tuple[str, ...]:
    """Every text of this module that a language must know."""
    words = (*KIND.values(), *STRENGTH.values(), *STRENGTH_MEANING.values())
    words = (*words, *DECISION.values(), *REASON.values(), *EXAM_STATE.values())
    words = (*words, *ATTEMPT_STATE.values(), *LINK.values(), *CAMERA.values())
    fixed = (*_LENGTHS, _OBSERVATION, _GOES_ON, _NOTHING_LEFT, _AND, _DECIDED)
    figures = (sentence for rows in _WITH_FIGURES.values() for _, sentence in rows)
    return (
        *words,
        *figures,
        *fixed,
        _DECIDED_WITH_REASON,
        _HALL_EVENT,
        _HEARD_IN_HALL,
        *HALL_MICROPHONE.values(),
        HALL_MICROPHONE_NOT_HEARD,
        HALL_MICROPHONE_BACK,
    )
