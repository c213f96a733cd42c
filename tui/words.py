"""Short words for small places. Whole sentences about observations: `appliance.core.wording`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from appliance.core.exam import ExamState
from appliance.core.observation import Decision, ObservationKind, ReasonCategory, Strength
from appliance.core.roles import Role

KIND: Mapping[ObservationKind, str] = {
    ObservationKind.NOBODY_IN_VIEW: "nobody in view",
    ObservationKind.SEVERAL_FACES: "second person",
    ObservationKind.OTHER_PERSON: "unlike the photo",
    ObservationKind.LOOKING_AWAY: "head turned away",
    ObservationKind.PICTURE_COVERED: "camera covered",
    ObservationKind.PICTURE_FROZEN: "picture frozen",
    ObservationKind.CONVERSATION: "voices nearby",
    ObservationKind.NOISE: "loud noise",
}
KIND_SHORT: Mapping[ObservationKind, str] = {  # at most nine letters: a narrow desk in the map
    ObservationKind.NOBODY_IN_VIEW: "nobody",
    ObservationKind.SEVERAL_FACES: "two faces",
    ObservationKind.OTHER_PERSON: "not alike",
    ObservationKind.LOOKING_AWAY: "turned",
    ObservationKind.PICTURE_COVERED: "covered",
    ObservationKind.PICTURE_FROZEN: "frozen",
    ObservationKind.CONVERSATION: "voices",
    ObservationKind.NOISE: "noise",
}
STRENGTH: Mapping[Strength, str] = {
    Strength.WEAK: "weak",
    Strength.CLEAR: "clear",
    Strength.STRONG: "strong",
}
EXAM_STATE: Mapping[ExamState, str] = {
    ExamState.DRAFT: "being prepared",
    ExamState.READY: "ready",
    ExamState.OPEN: "open for check-in",
    ExamState.LIVE: "LIVE",
    ExamState.CLOSED: "closed",
    ExamState.ARCHIVED: "archived",
    ExamState.PURGED: "purged",
}
DECISION: Mapping[Decision, str] = {
    Decision.CONFIRMED: "confirmed",
    Decision.DISMISSED: "dismissed",
}
CATEGORY: Mapping[ReasonCategory, tuple[str, str]] = {
    ReasonCategory.ENVIRONMENT: ("environment", "the room, the light, somebody passing by"),
    ReasonCategory.CANDIDATE: ("candidate", "something the candidate did"),
    ReasonCategory.STAFF: ("staff", "an invigilator or helper at the seat"),
    ReasonCategory.TECHNICAL: ("technical", "camera, computer or network"),
}
ROLE: Mapping[Role, str] = {
    Role.INVIGILATOR: "invigilator",
    Role.LEAD_INVIGILATOR: "lead invigilator",
    Role.REVIEWER: "reviewer",
    Role.TECHNICIAN: "technician",
    Role.DATA_PROTECTION_OFFICER: "data protection officer",
}


def span(seconds: float) -> str:
    """A length of time in words of at most eight letters: `14 s`, `3 min`, `1 h 05`."""
    whole = max(0, int(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02}"


def stopwatch(milliseconds: int) -> str:
    """Time running: `03:10` below an hour, `1:03:10` from then on."""
    whole = max(0, milliseconds) // 1000
    hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def count(number: int, one: str, many: str) -> str:
    """`1 seat`, `2 seats`."""
    return f"{number} {one if number == 1 else many}"


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` single-width cells, with an ellipsis when it had to be cut."""
    if width <= 0:
        return ""
    return f"{text:<{width}}" if len(text) <= width else text[: width - 1] + "…"


def time_of_day(at_ms: int) -> str:
    """`09:42:51` on the clock of the wall here."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%H:%M:%S")
