"""Short words for small places. Whole sentences about observations: `appliance.core.wording`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from appliance.core.disk import DiskState
from appliance.core.exam import ExamState
from appliance.core.observation import Decision, ObservationKind, ReasonCategory, Strength
from appliance.core.overload import LeftOut
from appliance.core.roles import Role
from tui.language import text, tr

KIND: Mapping[ObservationKind, str] = {
    ObservationKind.NOBODY_IN_VIEW: text("nobody in view"),
    ObservationKind.SEVERAL_FACES: text("second person"),
    ObservationKind.OTHER_PERSON: text("unlike the photo"),
    ObservationKind.LOOKING_AWAY: text("head turned away"),
    ObservationKind.PICTURE_COVERED: text("camera covered"),
    ObservationKind.PICTURE_FROZEN: text("picture frozen"),
    ObservationKind.CONVERSATION: text("voices nearby"),
    ObservationKind.NOISE: text("loud noise"),
    ObservationKind.HALL_CONVERSATION: text("voices in the hall"),
    ObservationKind.HALL_NOISE: text("loud noise in the hall"),
}
KIND_SHORT: Mapping[ObservationKind, str] = {  # at most nine letters: a narrow desk in the map
    ObservationKind.NOBODY_IN_VIEW: text("nobody"),
    ObservationKind.SEVERAL_FACES: text("two faces"),
    ObservationKind.OTHER_PERSON: text("not alike"),
    ObservationKind.LOOKING_AWAY: text("turned"),
    ObservationKind.PICTURE_COVERED: text("covered"),
    ObservationKind.PICTURE_FROZEN: text("frozen"),
    ObservationKind.CONVERSATION: text("voices"),
    ObservationKind.NOISE: text("noise"),
    ObservationKind.HALL_CONVERSATION: text("voices"),
    ObservationKind.HALL_NOISE: text("noise"),
}
NOTICES_MAY_BE_MISSING = text("The hall is shown as it is now; notices in between may be missing.")
CLOCK_JUMPED = text("The box's clock jumped: tell the technician.")  # services/clock_watch.py
DISK: Mapping[DiskState, str] = {
    DiskState.FULL: text(
        "THE BOX'S DISK IS FULL: nothing more is taken in. The pages keep what they record and "
        "send it later. Tell the technician now."
    ),
    DiskState.READ_ONLY: text(
        "THE BOX'S DISK CANNOT BE WRITTEN: nothing more is taken in. The pages keep what they "
        "record and send it later. Tell the technician now."
    ),
    DiskState.FAILED: text(
        "THE BOX'S DISK FAILED: nothing is taken in until the box is started again. The pages keep "
        "what they record and send it later. Tell the technician now."
    ),
    DiskState.SILENT: text(
        "THE BOX'S DISK DOES NOT ANSWER: nothing more is taken in. The pages keep what they record "
        "and send it later. Tell the technician now."
    ),
}
DISK_WELL = text("The box's disk is well again; what the pages kept is coming in.")
LEFT_OUT: Mapping[LeftOut, str] = {  # each with what was left out before it
    LeftOut.HEAD_POSE: text("BUSY: no head turns"),
    LeftOut.HALF_THE_FRAMES: text("BUSY: no head turns, half the pictures"),
    LeftOut.THUMBNAILS: text("BUSY: no head turns, half the pictures, no thumbnails"),
}
STRENGTH: Mapping[Strength, str] = {
    Strength.WEAK: text("weak"),
    Strength.CLEAR: text("clear"),
    Strength.STRONG: text("strong"),
}
EXAM_STATE: Mapping[ExamState, str] = {
    ExamState.DRAFT: text("being prepared"),
    ExamState.READY: text("ready"),
    ExamState.OPEN: text("open for check-in"),
    ExamState.LIVE: text("LIVE"),
    ExamState.CLOSED: text("closed"),
    ExamState.ARCHIVED: text("archived"),
    ExamState.PURGED: text("purged"),
}
DECISION: Mapping[Decision, str] = {
    Decision.CONFIRMED: text("confirmed"),
    Decision.DISMISSED: text("dismissed"),
}
CATEGORY: Mapping[ReasonCategory, tuple[str, str]] = {
    ReasonCategory.ENVIRONMENT: (
        text("environment"),
        text("the room, the light, somebody passing by"),
    ),
    ReasonCategory.CANDIDATE: (text("candidate"), text("something the candidate did")),
    ReasonCategory.STAFF: (text("staff"), text("an invigilator or helper at the seat")),
    ReasonCategory.TECHNICAL: (text("technical"), text("camera, computer or network")),
}
ROLE: Mapping[Role, str] = {
    Role.INVIGILATOR: text("invigilator"),
    Role.LEAD_INVIGILATOR: text("lead invigilator"),
    Role.REVIEWER: text("reviewer"),
    Role.TECHNICIAN: text("technician"),
    Role.DATA_PROTECTION_OFFICER: text("data protection officer"),
}


def span(seconds: float) -> str:
    """A length of time in words of at most eight letters: `14 s`, `3 min`, `1 h 05`."""
    whole = max(0, int(seconds))
    if whole < 100:
        return tr("{n} s", n=whole)
    if whole < 3600:
        return tr("{n} min", n=whole // 60)
    return tr("{hours} h {minutes:02}", hours=whole // 3600, minutes=whole % 3600 // 60)


def stopwatch(milliseconds: int) -> str:
    """Time running: `03:10` below an hour, `1:03:10` from then on."""
    whole = max(0, milliseconds) // 1000
    hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` single-width cells, with an ellipsis when it had to be cut."""
    if width <= 0:
        return ""
    return f"{text:<{width}}" if len(text) <= width else text[: width - 1] + "…"


def time_of_day(at_ms: int) -> str:
    """`09:42:51` on the clock of the wall here."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%H:%M:%S")
