"""What consoles are told: JSON `{seq, at, kind, data}`, and the hall that follows from it.

`seq` only grows, also over restarts of the gateway. A console that resumes with `?after=seq`
gets what it missed, or, when that is gone, a new `snapshot`. `apply` is pure, so the console, the
tests and the rehearsal all see the same hall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.core.disk import DiskState
from appliance.core.exam import ExamState
from appliance.core.handover import NOBODY_ON_DUTY, Duty, SeenBy, ShiftNote
from appliance.core.ids import AttemptId, ExamId, IncidentId
from appliance.core.observation import HallEvent, Incident, Strength
from appliance.core.overload import LeftOut
from appliance.core.processing import Category
from appliance.core.settings import Features


class FeedKind(StrEnum):
    SNAPSHOT = "snapshot"  # HallSnapshot
    EXAM = "exam"  # ExamStatus
    SEAT = "seat"  # SeatStatus
    INCIDENT = "incident"  # Incident
    HALL_EVENT = "hall_event"  # HallEvent
    BOX = "box"  # BoxStatus
    NOTICE = "notice"  # Announcement
    SHIFT_NOTE = "shift_note"  # ShiftNote
    DUTY = "duty"  # Duty
    SEEN = "seen"  # SeenBy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamStatus:
    exam_id: ExamId
    title: str
    code: str
    state: ExamState
    features: Features
    duration_minutes: int
    started_ms: int | None = None
    closed_ms: int | None = None
    late_until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStatus:
    """One seat as consoles see it. `name` is None unless this person may see names now."""

    attempt_id: AttemptId
    hall: str
    seat: str
    pseudonym: str
    name: str | None = None
    number: str | None = None  # the school's own; with the name, and under the same rule
    state: AttemptState = AttemptState.EXPECTED
    link: LinkState = LinkState.NEVER
    link_lost_ms: int | None = None
    camera: CameraState = CameraState.UNKNOWN
    last_sequence: int | None = None
    last_picture_ms: int | None = None
    recording_since_ms: int | None = None  # pictures are due since then; None while none are
    acknowledged: int = 0
    spool: int | None = None  # what the page last said it still has to send
    open_incidents: int = 0
    strongest: Strength | None = None
    hand_raised: bool = False
    break_started_ms: int | None = None
    breaks: int = 0  # that have begun
    break_total_ms: int = 0  # of those that have ended
    extra_minutes: int = 0
    roster_minutes: int = 0  # of these, what the roster gave
    identity_checked_by_hand: bool = False
    switched_off: frozenset[Category] = frozenset()  # detectors, as an accommodation
    portrait: bool = False
    watchers: int = 0
    takeover_asked: bool = False
    late_asked: bool = False  # somebody with this slip came after the time for joining
    admitted_late_ms: int | None = None


class HallMicrophoneState(StrEnum):
    OFF = "off"  # this exam does not use one: the device is not open
    STARTING = "starting"
    HEARD = "heard"
    NOT_HEARD = "not_heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class NightLine:
    """What waits to be sent. `finishes_ms` is None while nothing is known about the line; `nights`
    0 when a week's windows do not suffice."""

    bytes: int
    nights: int
    finishes_ms: int | None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxStatus:
    """`unlocked` is False after a reboot in mid-exam until an invigilator logs in.
    `worker_failures`: footage on which a media worker died or ran over time, since the start.
    `left_out`: what is not looked at now because too much footage comes. While `disk` is not OK
    the box takes in no snippet; the pages keep them."""

    relay: bool
    disk_used_percent: int
    consoles: int
    workers: int
    backlog: int
    unlocked: bool
    note: str = ""
    worker_failures: int = 0
    hall_microphone: HallMicrophoneState = HallMicrophoneState.OFF
    night: NightLine | None = None
    left_out: tuple[LeftOut, ...] = ()
    disk: DiskState = DiskState.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One line for the console's message area. `level`: info, warning or error."""

    level: str
    text: str
    attempt_id: AttemptId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HallSnapshot:
    exam: ExamStatus
    seats: tuple[SeatStatus, ...]
    incidents: tuple[Incident, ...]
    hall_events: tuple[HallEvent, ...]
    box: BoxStatus
    shift_notes: tuple[ShiftNote, ...] = ()
    duty: Duty = NOBODY_ON_DUTY
    seen: tuple[SeenBy, ...] = ()


FeedData = (
    HallSnapshot
    | ExamStatus
    | SeatStatus
    | Incident
    | HallEvent
    | BoxStatus
    | Announcement
    | ShiftNote
    | Duty
    | SeenBy
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMessage:
    """`at` is Unix milliseconds. `data` is the type that `kind` names."""

    seq: int
    at: int
    kind: FeedKind
    data: FeedData


@dataclass(frozen=True, slots=True, kw_only=True)
class HallView:
    """The hall as one console knows it."""

    seq: int = 0
    exam: ExamStatus | None = None
    box: BoxStatus | None = None
    seats: Mapping[AttemptId, SeatStatus] = field(default_factory=dict)
    incidents: Mapping[IncidentId, Incident] = field(default_factory=dict)
    hall_events: tuple[HallEvent, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    shift_notes: tuple[ShiftNote, ...] = ()
    duty: Duty = NOBODY_ON_DUTY
    seen: Mapping[IncidentId, SeenBy] = field(default_factory=dict)


_KEPT_ANNOUNCEMENTS = 50
_STRENGTH_ORDER = {Strength.STRONG: 0, Strength.CLEAR: 1, Strength.WEAK: 2}


def apply(view: HallView, message: FeedMessage) -> HallView:
    """The view after `message`; a message already seen changes nothing."""
    if message.seq <= view.seq and message.kind is not FeedKind.SNAPSHOT:
        return view
    view = replace(view, seq=message.seq)
    match message.data:
        case HallSnapshot() as snapshot:
            return replace(
                view,
                exam=snapshot.exam,
                box=snapshot.box,
                seats={seat.attempt_id: seat for seat in snapshot.seats},
                incidents={i.incident_id: i for i in snapshot.incidents},
                hall_events=snapshot.hall_events,
                shift_notes=snapshot.shift_notes,
                duty=snapshot.duty,
                seen={s.incident_id: s for s in snapshot.seen},
            )
        case ExamStatus() as exam:
            return replace(view, exam=exam)
        case SeatStatus() as seat:
            return replace(view, seats={**view.seats, seat.attempt_id: seat})
        case Incident() as incident:
            return replace(view, incidents={**view.incidents, incident.incident_id: incident})
        case HallEvent() as event:
            others = tuple(
                e
                for e in view.hall_events
                if (e.hall, e.kind, e.started_ms) != (event.hall, event.kind, event.started_ms)
            )
            return replace(view, hall_events=(*others, event))
        case BoxStatus() as box:
            return replace(view, box=box)
        case Announcement() as announcement:
            kept = (*view.announcements, announcement)[-_KEPT_ANNOUNCEMENTS:]
            return replace(view, announcements=kept)
        case ShiftNote() as note:
            others_notes = tuple(n for n in view.shift_notes if n.note_id != note.note_id)
            return replace(view, shift_notes=(*others_notes, note))
        case Duty() as duty:
            return replace(view, duty=duty)
        case SeenBy() as seen:
            return replace(view, seen={**view.seen, seen.incident_id: seen})


def needs_eyes(view: HallView) -> list[Incident]:
    """Undecided incidents, most in need of a look first: ongoing, then strong, then newest.

    One without kinds was withdrawn: all of it became a hall event (`core.incident`).
    """
    return sorted(
        (i for i in view.incidents.values() if i.decision is None and i.kinds),
        key=lambda i: (not i.ongoing, _STRENGTH_ORDER[i.strength], -i.last_ms),
    )


DATA_TYPE: Mapping[FeedKind, Any] = {
    FeedKind.SNAPSHOT: HallSnapshot,
    FeedKind.EXAM: ExamStatus,
    FeedKind.SEAT: SeatStatus,
    FeedKind.INCIDENT: Incident,
    FeedKind.HALL_EVENT: HallEvent,
    FeedKind.BOX: BoxStatus,
    FeedKind.NOTICE: Announcement,
    FeedKind.SHIFT_NOTE: ShiftNote,
    FeedKind.DUTY: Duty,
    FeedKind.SEEN: SeenBy,
}
