"""When exams are planned, and how long before them a box is left alone. Pure.

An exam's state is moved by people (open, start, close) and never by a clock; the planned time only
keeps updates and whatever else could wait away from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from appliance.core.exam import ExamState
from appliance.core.settings import ExamSettings

LEFT_ALONE = timedelta(days=1)
_AT_WORK = frozenset({ExamState.READY, ExamState.OPEN, ExamState.LIVE})


def start_of(settings: ExamSettings) -> datetime | None:
    """The planned start; without a zone of its own, in the box's. None where none is told."""
    return datetime.fromisoformat(settings.starts_at) if settings.starts_at else None


def is_a_time(text: str) -> bool:
    """Whether `starts_at` may say so: a day and a time of day."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) > len("2026-12-01")


def keeping_alone(
    exams: Iterable[tuple[ExamState, ExamSettings]], now: datetime
) -> list[tuple[str, datetime | None]]:
    """(title, planned start or None) of the exams for whose sake the box is left alone at `now`
    (which has a time zone): those that are ready, open or live, and drafts that start within a
    day."""
    kept = []
    for state, settings in exams:
        start = start_of(settings)
        if start is not None and start.tzinfo is None:
            start = start.astimezone()
        near = start is not None and start - LEFT_ALONE <= now <= start + LEFT_ALONE
        if state in _AT_WORK or (state is ExamState.DRAFT and near):
            kept.append((settings.title, start))
    return kept
