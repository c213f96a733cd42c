"""Whether anything of a closed exam may still arrive. Pure; told from rows alone.

A candidate's page keeps what it could not send and sends it later (DESIGN ruling 8), so an exam
is sent to the cloud when the late window has ended, or earlier when everybody's footage visibly
reaches from number 1 to the hand-in. In doubt the answer is no: waiting costs a night, not footage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId
from appliance.core.snippet import Snippet

_MINUTE_MS = 60_000
# Between the end of the last snippet and the hand-in: pressing the button, sending the rest.
_HAND_IN_MS = 30_000


def window_ended(exam: Exam, now_ms: int) -> bool:
    return exam.closed_ms is not None and (
        now_ms >= exam.closed_ms + exam.settings.late_upload_minutes * _MINUTE_MS
    )


def all_arrived(
    exam: Exam,
    attempts: Sequence[Attempt],
    snippets: Mapping[AttemptId, Sequence[Snippet]],
) -> bool:
    return all(_arrived(exam, attempt, snippets[attempt.attempt_id]) for attempt in attempts)


def _arrived(exam: Exam, attempt: Attempt, snippets: Sequence[Snippet]) -> bool:
    if attempt.state is AttemptState.EXPECTED:
        return True
    if attempt.state is not AttemptState.HANDED_IN or attempt.finished_ms is None:
        return False
    if not exam.settings.features.video_snippets:
        return True
    if not snippets:
        return attempt.camera in (CameraState.MISSING, CameraState.REFUSED)
    if {s.sequence for s in snippets} != set(range(1, len(snippets) + 1)):
        return False
    last = max(snippets, key=lambda s: s.sequence)
    end_ms = last.started_ms + round(last.duration_s * 1000)
    return attempt.finished_ms - end_ms <= _HAND_IN_MS
