"""One candidate in one exam, under a random pseudonym: states and what they allow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.errors import WrongState
from appliance.core.exam import Seat
from appliance.core.ids import AttemptId, ExamId
from appliance.core.processing import Category


class AttemptState(StrEnum):
    EXPECTED = "expected"
    CHECKED_IN = "checked_in"
    RECORDING = "recording"
    ON_BREAK = "on_break"
    HANDED_IN = "handed_in"
    ENDED = "ended"


class LinkState(StrEnum):
    """Separate from the attempt's state: a lost link is never misuse (promise 6)."""

    NEVER = "never"
    UP = "up"
    LOST = "lost"


class CameraState(StrEnum):
    UNKNOWN = "unknown"
    WORKING = "working"
    MISSING = "missing"  # seat watched by a person instead
    REFUSED = "refused"  # the notice was refused; seat watched
    WATCHED = "watched"  # an invigilator watches instead of a camera that does not do


NO_CAMERA = frozenset({CameraState.MISSING, CameraState.REFUSED, CameraState.WATCHED})


_NEXT = {
    AttemptState.EXPECTED: {AttemptState.CHECKED_IN, AttemptState.ENDED},
    AttemptState.CHECKED_IN: {
        AttemptState.RECORDING,
        AttemptState.HANDED_IN,
        AttemptState.ENDED,
        AttemptState.EXPECTED,
    },
    AttemptState.RECORDING: {
        AttemptState.ON_BREAK,
        AttemptState.HANDED_IN,
        AttemptState.ENDED,
    },
    AttemptState.ON_BREAK: {
        AttemptState.RECORDING,
        AttemptState.HANDED_IN,
        AttemptState.ENDED,
    },
    AttemptState.HANDED_IN: set[AttemptState](),
    AttemptState.ENDED: set[AttemptState](),
}

FINISHED = frozenset({AttemptState.HANDED_IN, AttemptState.ENDED})


def check_transition(now: AttemptState, then: AttemptState) -> None:
    """Raise WrongState when an attempt in `now` cannot become `then`."""
    if then not in _NEXT[now]:
        raise WrongState(f"The attempt is {now.value}; it cannot become {then.value}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """No name stands here: names live in the identity store, sealed.

    `public_key` is the page's own ECDSA P-256 key (SPKI, DER): it proves that a returning page
    is the one that joined. Times are Unix milliseconds.
    """

    attempt_id: AttemptId
    exam_id: ExamId
    seat: Seat
    state: AttemptState
    camera: CameraState = CameraState.UNKNOWN
    extra_minutes: int = 0  # all there is to the end, `roster_minutes` included
    roster_minutes: int = 0  # of these, what the roster gave
    seat_code_hash: str
    public_key: bytes | None = None
    token_hash: str | None = None
    notice_version: str | None = None  # hex SHA-256 of the acknowledged text
    portrait_accepted: bool = False
    identity_checked_by_hand: bool = False
    switched_off: frozenset[Category] = frozenset()  # detectors (core/accommodation.py)
    hand_raised: bool = False
    hand_presses: int = 0  # heard from pages; what is told again counts once
    break_started_ms: int | None = None
    joined_ms: int | None = None
    admitted_late_ms: int | None = None  # let in by a person after the time for joining
    finished_ms: int | None = None
    epoch: int = 0  # of the attempt key in use
    last_sequence: int | None = None  # the last snippet's number, as told at hand-in
