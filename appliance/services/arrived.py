"""Whether anything of a closed exam may still arrive. Pure; told from rows alone.

A candidate's page keeps what it could not send and sends it later (DESIGN ruling 8), so an exam
is sent to the cloud when the late window has ended, or earlier when everybody who joined has
handed in and every number up to the last is here or was refused for good. In doubt the answer is
no: waiting costs a night, not footage.
"""

from __future__ import annotations

from collections.abc import Set

from appliance.core.attempt import Attempt
from appliance.core.exam import Exam

_MINUTE_MS = 60_000


def window_ended(exam: Exam, now_ms: int) -> bool:
    return exam.closed_ms is not None and (
        now_ms >= exam.closed_ms + exam.settings.late_upload_minutes * _MINUTE_MS
    )


def arrived(attempt: Attempt, settled: Set[int]) -> bool:
    """`settled`: the numbers of the attempt that were kept, and those refused for good."""
    if attempt.joined_ms is None:
        return True
    last = attempt.last_sequence
    # Also after an invigilator ended the attempt, the page tells its last number.
    return last is not None and sum(1 for number in settled if 1 <= number <= last) == last
