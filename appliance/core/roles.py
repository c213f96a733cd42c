"""Who may do what, when: a deny-by-default table and one pure function.

Every route and command names its Action; `authorise` is the only place that answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.errors import NotAllowed
from appliance.core.exam import IN_SESSION, ExamState
from appliance.core.ids import ExamId, UserId


class Role(StrEnum):
    INVIGILATOR = "invigilator"
    LEAD_INVIGILATOR = "lead_invigilator"
    REVIEWER = "reviewer"
    TECHNICIAN = "technician"
    DATA_PROTECTION_OFFICER = "data_protection_officer"


class Action(StrEnum):
    # the exam's life
    EXAM_LIST = "exam_list"
    EXAM_CREATE = "exam_create"
    ROSTER_IMPORT = "roster_import"
    SLIPS_PRINT = "slips_print"
    EXAM_READY = "exam_ready"
    EXAM_OPEN = "exam_open"
    START_GATE_SEE = "start_gate_see"  # what must be right before the start
    EXAM_START = "exam_start"
    EXAM_CLOSE = "exam_close"
    # the hall while it is live
    HALL_WATCH = "hall_watch"  # grid, feed, attempt detail
    NAMES_SEE = "names_see"
    THUMBNAIL_SEE = "thumbnail_see"
    PORTRAIT_SEE = "portrait_see"
    SNIPPET_OPEN = "snippet_open"
    LIVE_VIEW_OPEN = "live_view_open"
    INCIDENT_DECIDE = "incident_decide"
    JOIN_CODE_SEE = "join_code_see"  # the code of a hall, to show it there
    SHIFT_HAND_OVER = "shift_hand_over"  # notes to the next, who is on duty
    CLOSE_OUT_SEE = "close_out_see"  # seats still open, and what still comes; no names, no pictures
    ACCOMMODATE = "accommodate"  # switch single detectors off for one candidate
    ATTEMPT_ACT = "attempt_act"  # break, message, extra time, identity by hand, release a seat
    # the box
    USER_MANAGE = "user_manage"
    BOX_STATUS = "box_status"
    BOX_CHECKUP = "box_checkup"  # what the doctor finds; no exam, no name, no picture
    SYNC_RUN = "sync_run"
    AUDIT_SHOW = "audit_show"
    RECORD_PRINT = "record_print"
    ATTEMPT_ERASE = "attempt_erase"
    ERASURE_COUNTERSIGN = "erasure_countersign"  # the second of the two people an erasure needs
    EXAM_HOLD = "exam_hold"  # a legal hold, set and released
    ATTEMPT_EXPORT = "attempt_export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks. `halls` is None for all halls of an assigned exam."""

    user_id: UserId
    role: Role
    exams: frozenset[ExamId] = frozenset()
    halls: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """What is asked about. All None for things of the whole box."""

    exam_id: ExamId | None = None
    exam_state: ExamState | None = None
    hall: str | None = None


_ANY = frozenset(ExamState)
_BEFORE_OPEN = frozenset({ExamState.DRAFT, ExamState.READY})
_LIVE = frozenset({ExamState.LIVE})
_OVER = frozenset({ExamState.CLOSED, ExamState.ARCHIVED, ExamState.PURGED})
_NEEDS_LIVE_KEY = frozenset({Action.SNIPPET_OPEN, Action.THUMBNAIL_SEE, Action.PORTRAIT_SEE})


@dataclass(frozen=True, slots=True)
class _Grant:
    """`states` None: the action is not about an exam. `assigned`: the person's exams and halls
    must contain the object's."""

    states: frozenset[ExamState] | None
    assigned: bool = True


_INVIGILATOR = {
    Action.EXAM_LIST: _Grant(None),
    Action.BOX_STATUS: _Grant(None),
    Action.HALL_WATCH: _Grant(IN_SESSION),
    Action.NAMES_SEE: _Grant(IN_SESSION),
    Action.PORTRAIT_SEE: _Grant(IN_SESSION),
    Action.THUMBNAIL_SEE: _Grant(_LIVE),
    Action.SNIPPET_OPEN: _Grant(_LIVE),
    Action.LIVE_VIEW_OPEN: _Grant(IN_SESSION),
    Action.INCIDENT_DECIDE: _Grant(_LIVE),
    Action.JOIN_CODE_SEE: _Grant(IN_SESSION),
    Action.SHIFT_HAND_OVER: _Grant(IN_SESSION),
    Action.CLOSE_OUT_SEE: _Grant(IN_SESSION),
    Action.ATTEMPT_ACT: _Grant(IN_SESSION),
}
_TABLE: dict[Role, dict[Action, _Grant]] = {
    Role.INVIGILATOR: _INVIGILATOR,
    Role.LEAD_INVIGILATOR: _INVIGILATOR
    | {
        Action.EXAM_CREATE: _Grant(None),
        Action.ROSTER_IMPORT: _Grant(_BEFORE_OPEN),
        Action.SLIPS_PRINT: _Grant(_BEFORE_OPEN | IN_SESSION),
        Action.EXAM_READY: _Grant(frozenset({ExamState.DRAFT})),
        Action.EXAM_OPEN: _Grant(frozenset({ExamState.READY})),
        Action.START_GATE_SEE: _Grant(frozenset({ExamState.READY, ExamState.OPEN})),
        Action.EXAM_START: _Grant(frozenset({ExamState.OPEN})),
        Action.EXAM_CLOSE: _Grant(IN_SESSION),
        Action.ACCOMMODATE: _Grant(IN_SESSION),
        Action.CLOSE_OUT_SEE: _Grant(IN_SESSION | {ExamState.CLOSED}),
        Action.USER_MANAGE: _Grant(None),
        Action.ERASURE_COUNTERSIGN: _Grant(_ANY - IN_SESSION),
    },
    Role.REVIEWER: {Action.EXAM_LIST: _Grant(None)},
    Role.TECHNICIAN: {
        Action.BOX_STATUS: _Grant(None),
        Action.BOX_CHECKUP: _Grant(None),
        Action.SYNC_RUN: _Grant(None),
    },
    Role.DATA_PROTECTION_OFFICER: {
        Action.EXAM_LIST: _Grant(None),
        Action.AUDIT_SHOW: _Grant(None),
        Action.RECORD_PRINT: _Grant(None),
        Action.ATTEMPT_ERASE: _Grant(_ANY - IN_SESSION, assigned=False),
        Action.ERASURE_COUNTERSIGN: _Grant(_ANY - IN_SESSION, assigned=False),
        Action.EXAM_HOLD: _Grant(_ANY, assigned=False),
        Action.ATTEMPT_EXPORT: _Grant(_ANY - IN_SESSION, assigned=False),
    },
}


def _said(role: Role) -> str:
    return role.value.replace("_", " ")


def authorise(person: Person, action: Action, about: Object) -> None:
    """Return when `person` may do `action` to `about` now; raise NotAllowed otherwise."""
    grant = _TABLE[person.role].get(action)
    if grant is None:
        may = [f"the {_said(role)}" for role, actions in _TABLE.items() if action in actions]
        raise NotAllowed(
            f"The role {_said(person.role)} may not do this: it is for {' or '.join(may)}."
            if may
            else f"The role {_said(person.role)} may not do this."
        )
    if grant.states is None:
        return
    if about.exam_id is None or about.exam_state is None:
        raise NotAllowed("This needs an exam.")
    if grant.assigned and about.exam_id not in person.exams:
        raise NotAllowed("You are not assigned to this exam.")
    everywhere = not grant.assigned or about.hall is None or person.halls is None
    if not everywhere and about.hall not in (person.halls or ()):
        raise NotAllowed("You are not assigned to this hall.")
    if about.exam_state in _OVER and action in _NEEDS_LIVE_KEY:
        raise NotAllowed(
            "The exam is closed and its live key is destroyed: this box cannot open it any more. "
            "A reviewer's key opens the archive.",
            code="exam-closed",
        )
    if about.exam_state not in grant.states:
        raise NotAllowed(
            f"Not while the exam is {about.exam_state.value}: this is possible when it is "
            f"{' or '.join(sorted(s.value for s in grant.states))}.",
            code="exam-state",
        )
