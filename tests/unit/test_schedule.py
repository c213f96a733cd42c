"""Which exams keep a box from being updated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.config.exam_settings import parse_settings
from appliance.core.errors import WrongConfiguration
from appliance.core.exam import ExamState
from appliance.core.schedule import keeping_alone
from appliance.core.settings import ExamSettings

START = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
FILE = '[exam]\ntitle = "X"\nstarts_at = "{at}"\n[retention]\ndays = 30\n'


def _settings(at: str = "2026-12-02T09:00+01:00") -> ExamSettings:
    return parse_settings(FILE.format(at=at))


@pytest.mark.parametrize(
    ("before", "left_alone"),
    [
        (timedelta(days=2), False),
        (timedelta(days=1, minutes=1), False),
        (timedelta(days=1), True),
        (timedelta(hours=1), True),
        (timedelta(hours=-2), True),  # not opened yet; perhaps it is late
        (timedelta(days=-2), False),  # it never came to be
    ],
)
def test_a_draft_counts_within_a_day(before: timedelta, left_alone: bool) -> None:
    near = keeping_alone([(ExamState.DRAFT, _settings())], START - before)
    assert near == ([("X", START)] if left_alone else [])


@pytest.mark.parametrize("state", list(ExamState))
def test_what_is_at_work_counts_whenever_it_was_planned(state: ExamState) -> None:
    near = keeping_alone([(state, _settings(""))], START)
    assert bool(near) == (state in {ExamState.READY, ExamState.OPEN, ExamState.LIVE})


def test_a_time_without_a_zone_is_the_box_s_own() -> None:
    local = START.astimezone().replace(tzinfo=None).isoformat(timespec="minutes")
    assert keeping_alone([(ExamState.DRAFT, _settings(local))], START) == [("X", START)]


@pytest.mark.parametrize("text", ["2026-12-01", "nine", "2026-13-01T09:00", "09:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(WrongConfiguration, match="starts_at"):
        _settings(text)
