"""What a candidate's page is told about its own attempt, and nothing of anybody else's."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId
from appliance.core.settings import Capture, Features
from appliance.services.channels import HallMessage

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateStatus:
    """`notice` is the version that was acknowledged, None before; `camera` is `refused` after a
    refusal. `portrait` says whether a photo was accepted. Times are Unix milliseconds.
    `acknowledged` is the highest snippet number below which none is missing; `next_sequence` the
    first that no snippet has: where a page begins that has recorded nothing of this attempt yet.
    `hand_presses`: the number of the last press of the hand that was heard.
    `messages`: the last five from the hall, the oldest first."""

    attempt: AttemptId
    title: str
    language: str
    hall: str
    seat: str
    exam_state: ExamState
    attempt_state: AttemptState
    camera: CameraState
    features: Features
    capture: Capture
    server_ms: int
    started_ms: int | None
    ends_ms: int | None
    late_until_ms: int | None
    acknowledged: int
    next_sequence: int
    watchers: int
    hand_raised: bool
    hand_presses: int
    notice: str | None
    portrait: bool
    break_started_ms: int | None
    extra_minutes: int
    messages: tuple[HallMessage, ...]


def ends_ms(exam: Exam, attempt: Attempt) -> int | None:
    """When this attempt ends: its own extra time included (DESIGN ruling 25)."""
    if exam.started_ms is None:
        return None
    minutes = exam.settings.duration_minutes + attempt.extra_minutes
    return exam.started_ms + minutes * MINUTE_MS


def late_until_ms(exam: Exam) -> int | None:
    """Until when a spool may still arrive; None before the exam is closed."""
    if exam.closed_ms is None:
        return None
    return exam.closed_ms + exam.settings.late_upload_minutes * MINUTE_MS


def candidate_status(
    exam: Exam,
    attempt: Attempt,
    *,
    now_ms: int,
    acknowledged: int,
    next_sequence: int,
    watchers: int,
    messages: tuple[HallMessage, ...],
) -> CandidateStatus:
    return CandidateStatus(
        attempt=attempt.attempt_id,
        title=exam.settings.title,
        language=exam.settings.language,
        hall=attempt.seat.hall,
        seat=attempt.seat.label,
        exam_state=exam.state,
        attempt_state=attempt.state,
        camera=attempt.camera,
        features=exam.settings.features,
        capture=exam.settings.capture,
        server_ms=now_ms,
        started_ms=exam.started_ms,
        ends_ms=ends_ms(exam, attempt),
        late_until_ms=late_until_ms(exam),
        acknowledged=acknowledged,
        next_sequence=next_sequence,
        watchers=watchers,
        hand_raised=attempt.hand_raised,
        hand_presses=attempt.hand_presses,
        notice=attempt.notice_version,
        portrait=attempt.portrait_accepted,
        break_started_ms=attempt.break_started_ms,
        extra_minutes=attempt.extra_minutes,
        messages=messages,
    )
